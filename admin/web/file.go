package web

import (
	"mime"
	"net/http"
	"time"
)

// pieceTime is how long a client may take for a piece of a file.
const pieceTime = time.Minute

// File is an answer that is sent while it is made. Its head goes out with the first piece, so that what fails before is
// answered as an error. It is an io.Writer.
type File struct {
	w           http.ResponseWriter
	control     *http.ResponseController
	media, name string
	begun       bool
}

// NewFile makes a File that browsers save under a name.
func NewFile(w http.ResponseWriter, media, name string) *File {
	return &File{w: w, control: http.NewResponseController(w), media: media, name: name}
}

// Write implements io.Writer.
func (f *File) Write(b []byte) (int, error) {
	f.begin()
	_ = f.control.SetWriteDeadline(time.Now().Add(pieceTime)) // fails only where there is no connection: in tests
	return f.w.Write(b)
}

func (f *File) begin() {
	if f.begun {
		return
	}
	f.begun = true
	h := f.w.Header()
	h.Set("Content-Type", f.media)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.name}))
	h.Set("X-Content-Type-Options", "nosniff")
}

// End ends the file. A failure in its midst cuts the connection, for the status has gone out; one before is returned.
func (f *File) End(err error) error {
	switch {
	case err == nil:
		f.begin()
	case f.begun:
		panic(http.ErrAbortHandler)
	}
	return err
}
