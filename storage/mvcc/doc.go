// Package mvcc is the store: versioned rows and index entries in layers, branches as timelines over layers, transactions
// by SCN, all over a kv.Engine. It implements storage.Store.
//
// It knows keys, rows and descriptors; it knows no SQL text and no expressions, and nothing of the engine below but its
// interface. Diff and merge are packages above it that use what it tells of history. Callers: server opens it, session and
// executor use it through package storage.
//
// # Versions
//
// A keyspace (the rows of a table, the entries of an index) has in each layer a head for each key, its newest version, and
// the older ones as history under the SCN at which they ended. This is one key over time:
//
//	SCN       5        9         14
//	          |---A----|----B----|----C--->
//	head      h|key       → 14, C
//	history   v|key|9     → 5, A
//	          v|key|14    → 9, B
//
// A reader at 14 or later takes the head. A reader at 11 finds the head too new, and asks for the version that 14 replaced:
// v|key|14 begins at 9, which is it. A reader at 7 goes on by a seek to v|key|8: ends sort, and the first after 7 is the
// only interval that can hold it. A head flagged `first` has no history in its layer; one flagged `root` has nothing in the
// layers below either, so that fresh rows cost a reader with an old snapshot no look-up. Deleting puts a tombstone in
// the head's place. The cleaner removes it when no snapshot that moves on is older and no layer below shows the row. Before, it notes
// in the space up to which SCN it does so, and waits for those who may not have seen that: readers of older points look into history for keys
// without head.
//
// # Layers
//
// A branch writes to one layer. What a layer does not have, its parent shows, as of the fork:
//
//	layer 2 (main)   ──5──7──9──12──
//	                      └ fork at 7
//	layer 3 (dev)           ──8──11──
//
// dev at 11 reads layer 3 at 11, then layer 2 at 7. A layer knows in which keyspaces it has anything at all, so that
// fresh forks read at their source's speed. A branch's timeline lists the layers that were in force, by SCN: reset adds one.
//
// Ancestors that had nothing in a keyspace at the fork never will have; a reader does not look there. Where it has to look
// through many others, what they show is copied into a layer of its own, which belongs to the layer above them.
//
// # Transactions
//
// Writes stay in memory, by keyspace and key, until commit; a scan merges those of earlier statements in. Commit takes an
// SCN, builds one batch (heads, history, log, commit record) and applies it; the SCN is published when it and all before it
// are durable, and snapshots are of published SCNs. Readers therefore never see a part of a batch, except that a head
// may be there before the history row that goes with it: whoever misses the row waits until the head's SCN is published.
//
// A transaction that outgrows memory or the engine's batch becomes large: it writes versions ahead under a marker, its id
// with the highest bit set, in chunks that list their keys, after a record that says it is open. Its commit record turns
// the marker into an SCN, for all readers at once, for ever. Without that record, recovery puts back what the chunks'
// keys had before: the history row that ends at the marker, or nothing.
//
// # Conflicts
//
// A writer holds the row's lock from before it looks at the newest version until its commit is published. Keys of unique
// indexes are locked like rows, so that two inserters of one key wait for each other.
//
// # Invariants
//
// Heads are newer than all history of their key in the layer. Intervals of a key do not overlap. History is written before
// or with the head that replaces it. The answer at a published SCN never changes. Check verifies what can be.
package mvcc
