package webhook

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain wants no goroutine to outlive what started it.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
