package vcs

// Of comparing, merging and taking back.

func partTwoFuncs() map[string]Func { return joined(squashFuncs, sequenceFuncs, policyFuncs, conflictFuncs, pendingFuncs) }

func partTwoRows() map[string]RowsFunc {
	return joined(sequenceRows, schemaRows, pickRows, policyRows, conflictRows, pendingRows)
}
