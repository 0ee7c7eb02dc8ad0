package session

import "context"

// wantsSafe reports whether the transaction is SERIALIZABLE READ ONLY DEFERRABLE and is about to read for the first time.
func (t *txn) wantsSafe() bool {
	return t.deferrable && !t.safe && t.readOnly && t.isolation == "serializable"
}

// safeSnapshot waits until the transaction has a snapshot that no anomaly can show in. What was planned before is out of
// date then.
func (s *Session) safeSnapshot(ctx context.Context) error {
	s.activity.waits("IPC", "SafeSnapshot")
	defer s.activity.waits("", "")
	if err := s.txn.SafeSnapshot(ctx); err != nil {
		return err
	}
	s.txn.safe = true
	return nil
}
