package prove

import (
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/contract"
	"github.com/mtcore/mtcore/internal/machine"
	"github.com/mtcore/mtcore/internal/prove/exec"
	"github.com/mtcore/mtcore/internal/prove/term"
)

// TestCheck calls a function that clears bytes 8 to 15 of 16, with specifications most of which are
// those of another one.
func TestCheck(t *testing.T) {
	k := &machine.Kernel{Addr: 0x1000, Code: []byte("\x48\x8b\x7c\x24\x08" + // mov rdi, [rsp+8]
		"\x31\xc0" + // xor eax, eax
		"\x48\x89\x47\x08" + // mov [rdi+8], rax
		"\xc3")} // ret
	code, err := exec.Code(k)
	if err != nil {
		t.Fatal(err)
	}
	s := &subject{kernel: k, code: code, contract: &contract.Kernel{
		Args: []contract.Arg{{Name: "p", Kind: contract.Pointer, Access: contract.Updates, Bytes: 16}},
	}}
	zeros := make([]term.Byte, 8)
	for _, tt := range []struct {
		name, want string
		spec       func(c *call)
	}{
		{"its own", "", func(c *call) { c.want("p", 0, 8, zeros) }},
		{"more of the same", "", func(c *call) { c.want("p", 0, 8, zeros); c.want("p", 0, 0, c.bytes("p", 0, 0, 8)) }},
		{"anything", "", func(c *call) { c.wantAny("p", 8, 8) }},
		{"nothing", "is changed", func(c *call) {}},
		{"less", "p0[15] is changed", func(c *call) { c.want("p", 0, 8, zeros[:7]) }},
		{"another place", "p0[0] is", func(c *call) { c.want("p", 0, 0, zeros[:1]); c.wantAny("p", 8, 8) }},
		{"another value", "p0[8] is 00 and should be 01", func(c *call) { c.want("p", 0, 8, []term.Byte{1}); c.wantAny("p", 9, 7) }},
	} {
		err := setUp(term.New(), s, input{}, tt.spec, specified{}).run()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("the specification is %s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}
