package gotd

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/gotd/td/tgerr"
)

// TestAnswers: what the pages of the methods list, and what surrounds it.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		code int
		text string
		want verdict
	}{
		{400, "ENCRYPTION_DECLINED", gone},
		{400, "ENCRYPTION_ALREADY_DECLINED", gone},
		{400, "ENCRYPTION_ID_INVALID", gone},
		{400, "CHAT_ID_INVALID", gone},
		{400, "ENCRYPTION_ALREADY_ACCEPTED", taken},
		{400, "DATA_INVALID", refused},
		{400, "DATA_TOO_LONG", refused},
		{400, "FILE_PARTS_INVALID", refused},
		{400, "FILE_PART_3_MISSING", refused},
		{400, "FILE_EMTPY", refused}, // as the pages spell it
		{400, "MD5_CHECKSUM_INVALID", refused},
		{403, "USER_IS_BLOCKED", refused},
		{400, "USER_DELETED", refused},
		{403, "USER_DELETED", refused},
		{400, "INPUT_USER_DEACTIVATED", refused},
		{403, "INPUT_USER_DEACTIVATED", refused},
		{400, "MAX_DATE_INVALID", refused},
		{400, "MSG_WAIT_FAILED", again},
		{400, "CONNECTION_NOT_INITED", again},
		{420, "FLOOD_WAIT_30", again},
		{420, "FLOOD_PREMIUM_WAIT_3", again},
		{401, "AUTH_KEY_UNREGISTERED", again},
		{303, "NETWORK_MIGRATE_2", again},
		{406, "AUTH_KEY_DUPLICATED", again},
		{500, "INTERNAL", again},
		{500, "ENCRYPTION_DECLINED", again}, // only the whole answer counts
		{-503, "Timeout", again},
		{400, "SOMETHING_NEW", unknown},
		{403, "SOMETHING_NEW", unknown},
		{406, "SOMETHING_NEW", unknown},
	} {
		err := tgerr.New(tt.code, tt.text)
		if got := judge(errors.Join(io.EOF, err)); got != tt.want {
			t.Errorf("%d %s: got verdict %d, want %d", tt.code, tt.text, got, tt.want)
		}
		// The same after it was stored.
		if got := judge(newRefusal(err).err()); got != tt.want {
			t.Errorf("%d %s, stored: got verdict %d, want %d", tt.code, tt.text, got, tt.want)
		}
	}
	if got := judge(io.ErrUnexpectedEOF); got != again {
		t.Errorf("no answer: got verdict %d, want %d", got, again)
	}
}

// TestAttempts: delays grow, up to a bound; the server's are kept; what is refused without
// a known reason is tried three times in all.
func TestAttempts(t *testing.T) {
	var a attempts
	total := time.Duration(0)
	for range 20 {
		d, ok := a.next(io.EOF, firstDelay)
		if !ok || d < firstDelay || d > lastDelay {
			t.Fatalf("got %v, %v", d, ok)
		}
		total += d
	}
	if want := (1 + 2 + 4 + 8 + 16 + 32 + 14*60) * time.Second; total != want {
		t.Errorf("20 delays are %v, want %v", total, want)
	}
	a = attempts{}
	if d, ok := a.next(tgerr.New(420, "FLOOD_WAIT_300"), firstDelay); !ok || d != 5*time.Minute {
		t.Errorf("FLOOD_WAIT_300: got %v, %v", d, ok)
	}
	if d, ok := a.next(tgerr.New(420, "FLOOD_WAIT_0"), firstDelay); !ok || d <= 0 {
		t.Errorf("FLOOD_WAIT_0: got %v, %v", d, ok)
	}
	if _, ok := a.next(tgerr.New(400, "DATA_INVALID"), firstDelay); ok {
		t.Error("DATA_INVALID is tried again")
	}
	tries := 1
	for a = (attempts{}); ; tries++ {
		if _, ok := a.next(tgerr.New(400, "SOMETHING_NEW"), firstDelay); !ok {
			break
		}
	}
	if tries != 3 {
		t.Errorf("SOMETHING_NEW is tried %d times, want 3", tries)
	}
}
