package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// sendTimeout bounds one attempt, answer and all.
const sendTimeout = 15 * time.Second

// client makes the HTTP client: it follows no redirects, knows no proxy, and unless told otherwise connects to public
// addresses only.
func client(private bool) *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	if !private {
		dialer.Control = func(_, address string, _ syscall.RawConn) error { return checkAddress(address) }
	}
	return &http.Client{
		Timeout: sendTimeout,
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: 10 * time.Second,
			MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

var errPrivate = errors.New("the address is not public; see --webhooks-to-private")

// notPublic are networks beyond those that netip knows as private or local.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("3fff::/20"),
}

// publicIPv6 is where all public addresses of IPv6 are: not those that stand for addresses of IPv4, which may be anybody's.
var publicIPv6 = netip.MustParsePrefix("2000::/3")

// checkAddress is asked about the address that is really connected to, after any name has been resolved.
func checkAddress(address string) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if !public(ap.Addr()) {
		return errPrivate
	}
	return nil
}

func public(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.Is6() && !publicIPv6.Contains(ip) {
		return false
	}
	return !slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// hostIsPublic is false for hosts that say themselves that they are not; of others the address tells when it is connected to.
func hostIsPublic(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return public(ip)
	}
	host = "." + strings.ToLower(strings.TrimSuffix(host, "."))
	return !strings.HasSuffix(host, ".localhost")
}

// Signature is that of Standard Webhooks: v1, the HMAC of id, time and payload.
func Signature(key []byte, id string, at time.Time, payload string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "." + payload))
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// send tries a delivery once. An answer of 2xx is a success; status is 0 where there was no answer.
func send(ctx context.Context, c *http.Client, h *Hook, d *Delivery, now time.Time) (status int, err error) {
	key, err := h.key()
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, strings.NewReader(d.Payload))
	if err != nil {
		return 0, err
	}
	for name, v := range map[string]string{"Content-Type": "application/json", "User-Agent": "Rowan-Webhooks/1", "webhook-id": d.Message,
		"webhook-timestamp": strconv.FormatInt(now.Unix(), 10), "webhook-signature": Signature(key, d.Message, now, d.Payload)} {
		req.Header.Set(name, v)
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	_ = resp.Body.Close()                                         // nothing was kept of it
	if resp.StatusCode/100 != 2 {
		return resp.StatusCode, fmt.Errorf("answered %s", resp.Status)
	}
	return resp.StatusCode, nil
}
