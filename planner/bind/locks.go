package bind

import "github.com/rowandb/rowan/catalog"

// RelationLock is the lock that a statement takes on a relation before it runs.
type RelationLock struct {
	Ref  catalog.Ref
	OID  catalog.OID
	Mode catalog.TableLock
}

// locks notes the lock that using a relation takes. The strongest stands for all: each of the modes of queries and changes
// conflicts with all that the weaker ones do. What is read as of a point can change no more, and system relations are
// made when they are read.
func (b *binder) locks(o catalog.Object, ref catalog.Ref, mode catalog.TableLock) {
	if t, ok := o.(*catalog.Table); ok && t.Virtual || ref.Point != "" {
		return
	}
	id := o.Head().OID
	for i := range b.out.Locks {
		if l := &b.out.Locks[i]; l.OID == id && l.Ref == ref {
			l.Mode = max(l.Mode, mode)
			return
		}
	}
	b.out.Locks = append(b.out.Locks, RelationLock{ref, id, mode})
}
