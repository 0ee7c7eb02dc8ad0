package wire

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/xdg-go/scram"
)

// verifiers is an Authenticator with the passwords of a few roles.
type verifiers map[string]string

func (v verifiers) Verifier(_ context.Context, role string) (string, bool) {
	verifier, ok := v[role]
	return verifier, ok
}

// verifierFor makes a verifier the way CREATE ROLE does.
func verifierFor(t testing.TB, password string) string {
	t.Helper()
	client, err := scram.SHA256.NewClient("", password, "")
	if err != nil {
		t.Fatal(err)
	}
	factors := scram.KeyFactors{Salt: "0123456789abcdef", Iters: iterations}
	keys, err := client.GetStoredCredentialsWithError(factors)
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("%s$%d:%s$%s:%s", mechanism, iterations, b64([]byte(factors.Salt)), b64(keys.StoredKey), b64(keys.ServerKey))
}

func TestSCRAM(t *testing.T) {
	addr, _ := startServer(t, Config{Auth: verifiers{"ada": verifierFor(t, "s3cret"), "broken": "md5abc"}, TLS: selfSigned(t)})
	tests := []struct {
		name, conn, code string
	}{
		{"right", "user=ada password=s3cret sslmode=disable", ""},
		{"right with TLS", "user=ada password=s3cret sslmode=require", ""},
		{"bound to the certificate", "user=ada password=s3cret sslmode=require channel_binding=require", ""},
		{"not bound", "user=ada password=s3cret sslmode=require channel_binding=disable", ""},
		{"wrong", "user=ada password=other sslmode=disable", "28P01"},
		{"wrong with TLS", "user=ada password=other sslmode=require", "28P01"},
		{"unknown role", "user=eve password=s3cret sslmode=disable", "28P01"},
		{"unreadable verifier", "user=broken password=s3cret sslmode=disable", "28P01"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			host, port, _ := net.SplitHostPort(addr)
			cfg, err := pgconn.ParseConfig(fmt.Sprintf("host=%s port=%s dbname=x %s", host, port, tt.conn))
			if err != nil {
				t.Fatal(err)
			}
			c, err := pgconn.ConnectConfig(t.Context(), cfg)
			if got := sqlState(err); got != tt.code {
				t.Fatalf("SQLSTATE %q (%v), want %q", got, err, tt.code)
			}
			if err == nil {
				_ = c.Close(t.Context())
			}
		})
	}
}

// TestMockSalt wants an unknown role to show the same salt each time, as a real one does.
func TestMockSalt(t *testing.T) {
	s := NewServer(Config{Auth: verifiers{}})
	a, known := s.credentials(t.Context(), "eve")
	b, _ := s.credentials(t.Context(), "eve")
	other, _ := s.credentials(t.Context(), "mallory")
	if known || a.Salt != b.Salt || a.Salt == other.Salt || len(a.Salt) != 16 || a.Iters != iterations {
		t.Errorf("known=%v, salts %x %x %x", known, a.Salt, b.Salt, other.Salt)
	}
}

func TestAuthTimeout(t *testing.T) {
	addr, _ := startServer(t, Config{Auth: verifiers{}, AuthTimeout: 50 * time.Millisecond})
	silent, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	_ = silent.SetDeadline(time.Now().Add(5 * time.Second))
	if n, err := silent.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("a silent client reads %d bytes, %v; want it to be closed", n, err)
	}
	cl := dial(t, addr)
	_, _ = cl.conn.Write(startupMessage(protocol3, [][2]string{{"user", "ada"}}))
	cl.read("close")
	want := "\tSFATAL | VFATAL | C57014 | Mcanceling authentication due to timeout\n"
	if got := cl.trace.String(); !strings.Contains(got, want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestPlaintextInjection sends a startup message in the clear right behind the request for TLS: it must not be taken for
// part of the encrypted conversation.
func TestPlaintextInjection(t *testing.T) {
	addr, _ := startServer(t, Config{TLS: selfSigned(t)})
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = nc.Close() }()
	_ = nc.SetDeadline(time.Now().Add(5 * time.Second))
	msg := append([]byte{0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f}, startupMessage(protocol3, [][2]string{{"user", "ada"}})...)
	_, _ = nc.Write(msg)
	var answer [1]byte
	if _, err := io.ReadFull(nc, answer[:]); err != nil || answer[0] != 'S' {
		t.Fatalf("answer %q, %v", answer, err)
	}
	if err := tls.Client(nc, &tls.Config{InsecureSkipVerify: true}).Handshake(); err == nil {
		t.Error("the handshake succeeded")
	}
}

// selfSigned makes a certificate for the tests.
func selfSigned(t testing.TB) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// few is a Guesses that lets each user be guessed at so often from an address.
type few struct {
	most int

	mu    sync.Mutex
	tries map[string]int
}

func (f *few) Guess(remote, user string) (time.Duration, func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	host, _, _ := net.SplitHostPort(remote)
	key := host + " " + user
	if f.tries[key] >= f.most {
		return 5500 * time.Millisecond, func() {}
	}
	f.tries[key]++
	return 0, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.tries[key]--
	}
}

// TestGuesses wants wrong passwords to be counted by user, right ones not, however many come at a time, and who was wrong too often to be
// refused without a look at the proof.
func TestGuesses(t *testing.T) {
	guesses := &few{most: 3, tries: map[string]int{}}
	addr, _ := startServer(t, Config{Auth: verifiers{"ada": verifierFor(t, "s3cret"), "bob": verifierFor(t, "s3cret")}, Guesses: guesses})
	login := func(user, password string) *pgconn.PgError {
		c, err := pgconn.Connect(t.Context(), "host="+strings.Replace(addr, ":", " port=", 1)+" database=d sslmode=disable user="+user+" password="+password)
		if err == nil {
			_ = c.Close(t.Context())
			return nil
		}
		var e *pgconn.PgError
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", user, err)
		}
		return e
	}
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			if e := login("ada", "s3cret"); e != nil {
				t.Error(e)
			}
		})
	}
	all.Wait()
	for _, user := range []string{"ada", "eve"} {
		for range 3 {
			if e := login(user, "wrong"); e == nil || e.Code != "28P01" {
				t.Errorf("%s: %v", user, e)
			}
		}
		for _, password := range []string{"wrong", "s3cret"} {
			if e := login(user, password); e == nil || e.Code != "28000" || e.Message != `too many failed logins of user "`+user+`" from this address` || e.Hint != "Try again in 6 seconds." {
				t.Errorf("%s: %+v", user, e)
			}
		}
	}
	if e := login("bob", "s3cret"); e != nil {
		t.Errorf("bob pays for ada's guesses: %v", e)
	}
}
