package vcs

// Of comparing, merging and taking back.

func partTwoFuncs() map[string]Func { return joined(policyFuncs, conflictFuncs, pendingFuncs) }

func partTwoRows() map[string]RowsFunc {
	return joined(schemaRows, pickRows, policyRows, conflictRows, pendingRows)
}
