package password

import "testing"

func TestVerifier(t *testing.T) {
	for _, pw := range []string{"s3cret", "", "grün 漢字", "soft\u00adhyphen", "control\x01", "a,b=c"} {
		v, err := Verifier(pw)
		if err != nil {
			t.Errorf("%q: %v", pw, err)
			continue
		}
		if !Check(v, pw) {
			t.Errorf("%q: its own verifier refuses it", pw)
		}
		if Check(v, pw+"x") {
			t.Errorf("%q: its verifier takes another password", pw)
		}
		if again, _ := Verifier(v); again != v {
			t.Errorf("%q: a verifier is taken for a password", pw)
		}
	}
}

// TestFromPostgreSQL checks a verifier that PostgreSQL 15 made of the password "s3cret".
func TestFromPostgreSQL(t *testing.T) {
	const v = "SCRAM-SHA-256$4096:XT1GtcPsLfA0k3zfhYVi7Q==$0VO9cUZAFheuSZJGZQMbwa2flfcT1Ci8xHSEN5aYMqo=:moAWP9hS9Q4dPXB5ocj93+S1cexrhLFsQvP1K7+BcVs="
	if !Check(v, "s3cret") || Check(v, "S3cret") {
		t.Error("PostgreSQL's verifier is not understood")
	}
}

func TestNotVerifiers(t *testing.T) {
	for _, s := range []string{"", "md5d41d8cd98f00b204e9800998ecf8427e", "SCRAM-SHA-256$4096:abc", "SCRAM-SHA-256$0:YQ==$YQ==:YQ=="} {
		if IsVerifier(s) || Check(s, "") {
			t.Errorf("%q is taken for a verifier", s)
		}
	}
}

func TestGenerate(t *testing.T) {
	if a, b := Generate(), Generate(); len(a) != 24 || a == b {
		t.Errorf("generated %q and %q", a, b)
	}
}
