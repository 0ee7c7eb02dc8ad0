package storage

import (
	"context"
	"time"
)

// Exporter is a store that can be taken down as it is at one SCN, while transactions go on.
type Exporter interface {
	// Export calls begin once, and then put for each record; a nil value removes the key from what an earlier export has
	// left. With since it leaves out what that export has. put borrows its arguments.
	Export(ctx context.Context, since *ExportInfo, begin func(ExportInfo) error, put func(key, val []byte) error) error
}

// ExportInfo describes an export.
type ExportInfo struct {
	Store     string    `json:"store"`           // tells stores apart
	SCN       SCN       `json:"scn"`             // what it holds
	Time      time.Time `json:"time"`            // of that SCN
	Since     SCN       `json:"since,omitempty"` // of the export that it builds on; 0: of none
	Low       SCN       `json:"low"`             // the oldest SCN at which all branches can be read
	Format    int       `json:"format"`          // of the store
	Layers    uint64    `json:"layers"`          // ids of layers made later are not below this
	OldLayers uint64    `json:"-"`               // Layers of the export that it builds on
}
