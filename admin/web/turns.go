package web

import (
	"net/http"
	"time"
)

// patience is how long a request waits for its turn.
const patience = 10 * time.Second

// Turns lets so many requests run at a time; the others wait for their turn, and are refused when it does not come. Each has
// a session and its memory: thousands at once would be served none the sooner.
func Turns(most int, refuse http.HandlerFunc) func(http.Handler) http.Handler {
	running := make(chan struct{}, most)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !turn(r, running) {
				refuse(w, r)
				return
			}
			defer func() { <-running }()
			next.ServeHTTP(w, r)
		})
	}
}

// turn waits until there is room.
func turn(r *http.Request, running chan struct{}) bool {
	select {
	case running <- struct{}{}:
		return true
	default:
	}
	end := time.NewTimer(patience)
	defer end.Stop()
	select {
	case running <- struct{}{}:
		return true
	case <-r.Context().Done():
	case <-end.C:
	}
	return false
}
