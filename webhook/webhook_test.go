package webhook

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// makeNotes makes a table on main, before anything else.
func makeNotes(t *testing.T, s storage.Store) {
	t.Helper()
	oid, err := s.AllocateOIDs(t.Context(), 1)
	must(t, err)
	rows, err := s.AllocateKeyspace(t.Context())
	must(t, err)
	column, err := s.AllocateColumns(t.Context(), 1)
	must(t, err)
	table := &catalog.Table{Header: catalog.Header{OID: oid, Name: "notes", Schema: catalog.Public, Owner: catalog.Superuser}, Rows: rows,
		Columns: []catalog.Column{{ID: column, Num: 1, Name: "id", TypeOID: types.OIDInt8, Mod: -1}}}
	tx, err := s.Begin(t.Context(), storage.TxnOptions{Database: mvcc.FirstDatabase})
	must(t, err)
	tx.Statement()
	v, err := tx.View(t.Context(), catalog.Ref{})
	must(t, err)
	must(t, v.Put(t.Context(), table))
	_, err = tx.Commit(t.Context())
	must(t, err)
}

type received struct {
	id, timestamp, signature, body string
	event                          event
}

// receiver is an endpoint that answers as told and keeps what it took.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []received
	status func(n int) int // of the n-th request, from 1; nil: 200
	n      int
}

func newReceiver(t *testing.T, status func(int) int) *receiver {
	r := &receiver{status: status}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.n++
		if r.status != nil {
			if code := r.status(r.n); code != http.StatusOK {
				w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
				w.WriteHeader(code)
				return
			}
		}
		x := received{id: req.Header.Get("webhook-id"), timestamp: req.Header.Get("webhook-timestamp"), signature: req.Header.Get("webhook-signature"), body: string(body)}
		if err := json.Unmarshal(body, &x.event); err != nil {
			t.Error(err)
		}
		r.got = append(r.got, x)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) events() (out []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range r.got {
		out = append(out, x.event.Event+" "+x.event.Data["branch_name"].(string))
	}
	slices.Sort(out) // those of different branches overtake each other
	return out
}

// wait waits until the receiver has got these events, and no more.
func (r *receiver) wait(t *testing.T, want ...string) {
	t.Helper()
	slices.Sort(want)
	for range 6000 { // a minute
		if slices.Equal(r.events(), want) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("got %q, want %q", r.events(), want)
}

func newStore(t *testing.T, engine kv.Engine) *mvcc.Store {
	t.Helper()
	s, err := mvcc.Open(engine, mvcc.Options{})
	must(t, err)
	if s.Empty() {
		must(t, mvcc.Bootstrap(t.Context(), s, mvcc.BootstrapOptions{}))
		makeNotes(t, s)
	}
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func start(s storage.Store, backoff ...time.Duration) *Dispatcher {
	return Start(s, options(backoff...))
}

func options(backoff ...time.Duration) Options {
	return Options{Private: true, Backoff: backoff, Poll: 5 * time.Millisecond, Log: zap.NewNop(), Matches: func(p, n string) bool { return p == n }}
}

func write(t *testing.T, s storage.Store, branch string, id int64, commit bool) {
	t.Helper()
	tx, err := s.Begin(t.Context(), storage.TxnOptions{Database: mvcc.FirstDatabase, Info: storage.TxnInfo{User: "ann", Summary: "INSERT"}})
	must(t, err)
	tx.Statement()
	v, err := tx.View(t.Context(), catalog.Ref{Branch: branch})
	must(t, err)
	o, _ := v.Catalog().Relation(catalog.Public, "notes")
	table := o.(*catalog.Table)
	column := &vector.Vector{}
	column.Reset(types.Of(types.Builtin(types.OIDInt8)))
	column.Append(types.Int(id))
	_, err = tx.Insert(t.Context(), storage.InsertRequest{View: v, Table: table, Columns: []catalog.ColumnID{table.Columns[0].ID}, Rows: &vector.Batch{Cols: []*vector.Vector{column}, N: 1}})
	must(t, err)
	if !commit {
		must(t, tx.Rollback())
		return
	}
	_, err = tx.Commit(t.Context())
	must(t, err)
}

func create(t *testing.T, s storage.Store, name string) {
	t.Helper()
	_, err := s.Branches().Create(t.Context(), mvcc.FirstDatabase, storage.BranchOptions{Name: name})
	must(t, err)
}

// TestEvents wants each thing that happens to a branch to arrive once, signed, and nothing of what was rolled back.
func TestEvents(t *testing.T) {
	s := newStore(t, memkv.New())
	defer s.Close()
	create(t, s, "old")
	write(t, s, "old", 1, true)
	d := start(s)
	defer d.Close()
	r := newReceiver(t, nil)
	h, err := d.Create(t.Context(), Hook{Database: mvcc.FirstDatabase, URL: r.URL})
	must(t, err)
	create(t, s, "dev")
	write(t, s, "dev", 2, true)
	write(t, s, "dev", 3, false)
	write(t, s, "old", 4, true)
	_, err = s.Branches().Alter(t.Context(), mvcc.FirstDatabase, "dev", func(b *storage.Branch) error { b.Protected = true; return nil })
	must(t, err)
	want := []string{"branch.created dev", "branch.data_changed dev", "branch.data_changed old", "branch.protected dev"}
	r.wait(t, want...)
	write(t, s, "old", 5, true)
	_, err = s.Branches().Drop(t.Context(), mvcc.FirstDatabase, "old", true)
	must(t, err)
	r.wait(t, append(want, "branch.data_changed old", "branch.deleted old")...)
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(h.Secret, "whsec_"))
	must(t, err)
	for _, x := range r.got {
		unix, err := strconv.ParseInt(x.timestamp, 10, 64)
		must(t, err)
		if at := time.Unix(unix, 0); time.Since(at) > time.Minute || x.signature != Signature(key, x.id, at, x.body) {
			t.Errorf("%+v is not signed", x)
		}
	}
}

// TestUndelete wants a branch that comes back to be told of though nothing else happens: to it, or at all.
func TestUndelete(t *testing.T) {
	s := newStore(t, memkv.New())
	defer s.Close()
	create(t, s, "old")
	d := start(s)
	defer d.Close()
	r := newReceiver(t, nil)
	_, err := d.Create(t.Context(), Hook{Database: mvcc.FirstDatabase, URL: r.URL})
	must(t, err)
	_, err = s.Branches().Drop(t.Context(), mvcc.FirstDatabase, "old", false)
	must(t, err)
	r.wait(t, "branch.deleted old")
	_, err = s.Branches().Undelete(t.Context(), mvcc.FirstDatabase, "old")
	must(t, err)
	r.wait(t, "branch.deleted old", "branch.created old")
}

// TestResets wants what was committed before a branch went to another point to be told of, each reset too, and nothing of what the branch
// has got by them: here nobody looks until all has happened.
func TestResets(t *testing.T) {
	s := newStore(t, memkv.New())
	defer s.Close()
	create(t, s, "dev")
	begun, _ := s.Now()
	d := start(s)
	r := newReceiver(t, nil)
	_, err := d.Create(t.Context(), Hook{Database: mvcc.FirstDatabase, URL: r.URL})
	must(t, err)
	d.Close()
	reset := func(name, source, point string) {
		t.Helper()
		_, err := s.Branches().Reset(t.Context(), mvcc.FirstDatabase, name, source, point)
		must(t, err)
	}
	write(t, s, "main", 1, true)
	reset("main", "main", strconv.FormatUint(uint64(begun), 10))
	write(t, s, "dev", 2, true)
	write(t, s, "dev", 3, true)
	reset("main", "dev", "")
	write(t, s, "main", 4, true)
	reset("main", "main", "~1")
	d = start(s)
	defer d.Close()
	changed := func(branch string, n int) []string {
		return slices.Repeat([]string{"branch.data_changed " + branch}, n)
	}
	r.wait(t, append(changed("main", 5), changed("dev", 2)...)...)
	var main []string
	for _, x := range r.got {
		if x.event.Data["branch_name"] == "main" {
			main = append(main, strconv.FormatBool(x.event.Data["reset"] == true)+" "+strconv.Itoa(int(x.event.Data["inserts"].(float64))))
		}
	}
	if want := []string{"false 1", "true 0", "true 0", "false 1", "true 0"}; !slices.Equal(main, want) {
		t.Errorf("%q, want %q", main, want)
	}
}

// TestSignature compares with the example of the Standard Webhooks specification.
func TestSignature(t *testing.T) {
	key, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	must(t, err)
	got := Signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), `{"test": 2432232314}`)
	if got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Error(got)
	}
}

// TestFilters wants events and branches that a webhook does not name to be left out, inactive webhooks to miss what
// happens, and deleted ones to be gone.
func TestFilters(t *testing.T) {
	s := newStore(t, memkv.New())
	defer s.Close()
	d := start(s)
	defer d.Close()
	created, dev := newReceiver(t, nil), newReceiver(t, nil)
	one, err := d.Create(t.Context(), Hook{Database: mvcc.FirstDatabase, URL: created.URL, Events: []string{Created}})
	must(t, err)
	_, err = d.Create(t.Context(), Hook{Database: mvcc.FirstDatabase, URL: dev.URL, Branches: []string{"dev"}})
	must(t, err)
	create(t, s, "dev")
	create(t, s, "other")
	write(t, s, "other", 1, true)
	write(t, s, "dev", 1, true)
	created.wait(t, "branch.created dev", "branch.created other")
	dev.wait(t, "branch.created dev", "branch.data_changed dev")
	_, err = d.Alter(t.Context(), mvcc.FirstDatabase, one.ID, func(h *Hook) { h.Active = false })
	must(t, err)
	create(t, s, "missed")
	time.Sleep(50 * time.Millisecond)
	_, err = d.Alter(t.Context(), mvcc.FirstDatabase, one.ID, func(h *Hook) { h.Active = true })
	must(t, err)
	create(t, s, "seen")
	created.wait(t, "branch.created dev", "branch.created other", "branch.created seen")
	must(t, d.Delete(t.Context(), mvcc.FirstDatabase, one.ID))
	if list, err := d.List(t.Context(), mvcc.FirstDatabase); err != nil || len(list) != 1 {
		t.Errorf("%v %v", list, err)
	}
	if _, err := d.Get(t.Context(), mvcc.FirstDatabase, one.ID); err == nil {
		t.Error("a deleted webhook is there")
	}
}

// TestRetries wants failures to be tried again and given up in the end, redirects not to be followed, and a replay to
// carry the id of the first.
func TestRetries(t *testing.T) {
	s := newStore(t, memkv.New())
	defer s.Close()
	d := start(s, time.Millisecond, time.Millisecond)
	defer d.Close()
	twice := newReceiver(t, func(n int) int {
		if n == 1 {
			return http.StatusFound
		}
		return map[bool]int{true: http.StatusInternalServerError, false: http.StatusOK}[n == 2]
	})
	never := newReceiver(t, func(int) int { return http.StatusBadGateway })
	one, err := d.Create(t.Context(), Hook{Database: mvcc.FirstDatabase, URL: twice.URL})
	must(t, err)
	two, err := d.Create(t.Context(), Hook{Database: mvcc.FirstDatabase, URL: never.URL})
	must(t, err)
	create(t, s, "dev")
	twice.wait(t, "branch.created dev")
	for range 6000 { // a minute
		if list, err := d.Deliveries(t.Context(), mvcc.FirstDatabase, two.ID); err == nil && len(list) == 1 && list[0].State == Failed {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	list, err := d.Deliveries(t.Context(), mvcc.FirstDatabase, two.ID)
	must(t, err)
	if len(list) != 1 || list[0].State != Failed || list[0].Attempts != 3 || list[0].Status != http.StatusBadGateway || list[0].Error == "" {
		t.Errorf("%+v", list)
	}
	for range 6000 {
		if list, err = d.Deliveries(t.Context(), mvcc.FirstDatabase, one.ID); list[0].State == Delivered {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	must(t, err)
	if len(list) != 1 || list[0].State != Delivered || list[0].Attempts != 3 {
		t.Fatalf("%+v", list)
	}
	_, err = d.Replay(t.Context(), mvcc.FirstDatabase, one.ID, list[0].ID)
	must(t, err)
	twice.wait(t, "branch.created dev", "branch.created dev")
	if twice.got[0].id != twice.got[1].id || twice.got[0].body != twice.got[1].body {
		t.Error("a replay is another message")
	}
	if _, err := d.Replay(t.Context(), mvcc.FirstDatabase, one.ID, "msg_none"); err == nil {
		t.Error("a delivery that is not there was sent")
	}
}

// TestOutage wants what has failed while the receiver was away to arrive soon after it takes something again, also after a
// restart, and a message that it never takes to have no more attempts by that than one for each outage.
func TestOutage(t *testing.T) {
	for _, restart := range []bool{false, true} {
		s := newStore(t, memkv.New())
		defer s.Close()
		down := true
		r := newReceiver(t, func(int) int { return map[bool]int{true: http.StatusServiceUnavailable, false: http.StatusOK}[down] })
		d := start(s, time.Hour, time.Hour, time.Hour)
		h, err := d.Create(t.Context(), Hook{Database: mvcc.FirstDatabase, URL: r.URL})
		must(t, err)
		var want []string
		for i := range outage + 2 {
			name := "b" + strconv.Itoa(i)
			create(t, s, name)
			want = append(want, "branch.created "+name)
		}
		for failed := 0; failed < outage+2; time.Sleep(time.Millisecond) {
			list, err := d.Deliveries(t.Context(), mvcc.FirstDatabase, h.ID)
			must(t, err)
			failed = 0
			for _, x := range list {
				failed += x.Attempts
			}
		}
		if restart {
			d.Close()
			d = start(s, time.Hour)
		}
		r.mu.Lock()
		down = false
		r.mu.Unlock()
		create(t, s, "back")
		r.wait(t, append(want, "branch.created back")...)
		d.Close()
	}
	now := time.Unix(1_700_000_000, 0)
	late := now.Add(time.Hour)
	st := &state{pending: []Delivery{{ID: "poison", State: Pending, Attempts: 3, Next: late}}, failures: outage}
	st.settle(Delivery{ID: "fresh", State: Delivered}, now)
	if p := st.pending[0]; !p.Next.Equal(now) || st.failures != 0 {
		t.Errorf("after the outage: %+v", st)
	}
	st.settle(Delivery{ID: "poison", State: Pending, Attempts: 4, Next: late}, now)
	for range 2 * outage {
		st.settle(Delivery{ID: "fresh", State: Delivered}, now)
	}
	if p := st.pending[0]; !p.Next.Equal(late) || len(st.again) > 0 {
		t.Errorf("what is never taken is tried without pause: %+v", st)
	}
}

// TestRestart wants what happens while nobody is there to send, and what was queued and not sent, to arrive after the next
// start, once.
func TestRestart(t *testing.T) {
	engine := memkv.New()
	s := newStore(t, engine)
	defer s.Close()
	down := true
	r := newReceiver(t, func(int) int { return map[bool]int{true: http.StatusServiceUnavailable, false: http.StatusOK}[down] })
	d := start(s, time.Hour, time.Hour)
	h, err := d.Create(t.Context(), Hook{Database: mvcc.FirstDatabase, URL: r.URL})
	must(t, err)
	create(t, s, "queued")
	// Its first attempt fails, and is over before the end: one that is broken off may yet arrive, and be made again.
	for attempts := 0; attempts == 0; time.Sleep(time.Millisecond) {
		list, err := d.Deliveries(t.Context(), mvcc.FirstDatabase, h.ID)
		must(t, err)
		for _, x := range list {
			attempts = x.Attempts
		}
	}
	d.Close()
	create(t, s, "meanwhile")
	write(t, s, "meanwhile", 1, true)
	_, err = s.Branches().Drop(t.Context(), mvcc.FirstDatabase, "meanwhile", false)
	must(t, err)
	r.mu.Lock()
	down = false
	r.mu.Unlock()
	o := options(time.Hour)
	o.Clock = func() time.Time { return time.Now().Add(2 * time.Hour) } // when it is due again
	d = Start(s, o)
	defer d.Close()
	want := []string{"branch.created queued", "branch.created meanwhile", "branch.data_changed meanwhile", "branch.deleted meanwhile"}
	r.wait(t, want...)
	time.Sleep(50 * time.Millisecond)
	r.wait(t, want...)
	for _, x := range r.got { // though the branch has gone
		if tables := x.event.Data["tables"]; x.event.Event == DataChanged && !reflect.DeepEqual(tables, []any{"notes"}) {
			t.Errorf("%v: tables", tables)
		}
	}
}

// TestAddresses wants addresses that are not public to be refused when the connection is made.
func TestAddresses(t *testing.T) {
	for address, public := range map[string]bool{
		"93.184.216.34:443": true, "[2606:2800:220:1:248:1893:25c8:1946]:443": true,
		"127.0.0.1:80": false, "[::1]:80": false, "10.1.2.3:80": false, "172.16.0.1:80": false, "192.168.1.1:80": false, "169.254.169.254:80": false,
		"100.64.0.1:80": false, "0.0.0.0:80": false, "[::]:80": false, "224.0.0.1:80": false, "[fe80::1%eth0]:80": false, "[fc00::1]:80": false,
		"[::ffff:127.0.0.1]:80": false, "[64:ff9b::7f00:1]:80": false, "255.255.255.255:80": false, "192.0.0.8:80": false,
		"[::127.0.0.1]:80": false, "[64:ff9b:1::7f00:1]:80": false, "[2001:0:7f00:1::]:80": false, "[fec0::1]:80": false, "[100::1]:80": false,
		"[5f00::1]:80": false, "[3fff::1]:80": false, "192.88.99.1:80": false, "[2606:4700::1]:80": true,
	} {
		if err := checkAddress(address); (err == nil) != public {
			t.Errorf("%s: %v", address, err)
		}
	}
	r := newReceiver(t, nil)
	h := Hook{URL: r.URL}
	must(t, h.Check(true))
	if status, err := send(context.Background(), client(false), &h, &Delivery{ID: "msg", Message: "msg"}, time.Now()); err == nil || status != 0 || len(r.got) != 0 {
		t.Errorf("%d %v", status, err)
	}
}

// TestCheck wants webhooks that cannot be to be refused.
func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		h       Hook
		private bool
		ok      bool
	}{
		{Hook{URL: "https://example.com/hook"}, false, true},
		{Hook{URL: "http://example.com/hook"}, false, false},
		{Hook{URL: "http://localhost:1/hook"}, true, true},
		{Hook{URL: "https://localhost/hook"}, false, false},
		{Hook{URL: "https://app.localhost./hook"}, false, false},
		{Hook{URL: "https://127.0.0.1/hook"}, false, false},
		{Hook{URL: "https://127.0.0.1/hook"}, true, true},
		{Hook{URL: "https://169.254.169.254/latest"}, false, false},
		{Hook{URL: "https://[::ffff:10.0.0.1]:8443/hook"}, false, false},
		{Hook{URL: "https://[fe80::1%25eth0]/hook"}, false, false},
		{Hook{URL: "https://8.8.8.8:8443/hook"}, false, true},
		{Hook{URL: "https://:443/hook"}, true, false},
		{Hook{URL: "ftp://example.com"}, true, false},
		{Hook{URL: "https://user:pw@example.com"}, true, false},
		{Hook{URL: "example.com"}, true, false},
		{Hook{URL: ""}, true, false},
		{Hook{URL: "https://example.com", Events: []string{"branch.eaten"}}, true, false},
		{Hook{URL: "https://example.com", Events: []string{Merged}}, true, true},
		{Hook{URL: "https://example.com", Secret: "whsec_c2hvcnQ="}, true, false},
		{Hook{URL: "https://example.com", Secret: "no base64!"}, true, false},
		{Hook{URL: "https://example.com", Branches: []string{""}}, true, false},
	} {
		if err := tt.h.Check(tt.private); (err == nil) != tt.ok {
			t.Errorf("%+v: %v", tt.h, err)
		}
	}
}

// numbers are the SCNs of the changes of data that have arrived, in their order.
func (r *receiver) numbers() (out []float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range r.got {
		if n, ok := x.event.Data["scn"].(float64); ok {
			out = append(out, n)
		}
	}
	return out
}

// TestOrder wants messages of a branch to arrive in the order of what they tell, whatever other branches do, also when there
// are more than are read at a time, and though the branch was dropped meanwhile.
func TestOrder(t *testing.T) {
	s := newStore(t, memkv.New())
	defer s.Close()
	create(t, s, "quiet")
	r := newReceiver(t, nil)
	o := options(time.Hour)
	o.Batch = 4
	d := Start(s, o)
	_, err := d.Create(t.Context(), Hook{Database: mvcc.FirstDatabase, URL: r.URL, Branches: []string{"dev"}})
	must(t, err)
	d.Close()
	create(t, s, "dev")
	want := []string{"branch.created dev", "branch.deleted dev"}
	for i := range int64(30) {
		write(t, s, "dev", i, true)
		want = append(want, "branch.data_changed dev")
		for k := range i % 7 * 3 {
			write(t, s, "quiet", 100*i+k, true)
		}
	}
	_, err = s.Branches().Drop(t.Context(), mvcc.FirstDatabase, "dev", false)
	must(t, err)
	d = Start(s, o)
	defer d.Close()
	r.wait(t, want...)
	if got := r.numbers(); len(got) != 30 || !slices.IsSorted(got) {
		t.Errorf("%v", got)
	}
	if first, last := r.got[0].event.Event, r.got[len(r.got)-1].event.Event; first != Created || last != Deleted {
		t.Errorf("%s is the first, %s the last", first, last)
	}
}
