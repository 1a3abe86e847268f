package ct

import "testing"

// The encodings are those that GNU as makes.
func TestMemoryOperand(t *testing.T) {
	const rax, rcx, rbx, r8, r12, r13, r15 = 0, 1, 3, 8, 12, 13, 15
	for _, tt := range []struct {
		asm  string
		code []byte
		want operand
	}{
		{"ret", []byte{0xc3}, operand{none, none}},
		{"mov rbx, rax", []byte{0x48, 0x89, 0xc3}, operand{none, none}},
		{"mov rax, [rbx]", []byte{0x48, 0x8b, 0x03}, operand{rbx, none}},
		{"mov rax, [rbx+rcx*8]", []byte{0x48, 0x8b, 0x04, 0xcb}, operand{rbx, rcx}},
		{"mov rax, [r12]", []byte{0x49, 0x8b, 0x04, 0x24}, operand{r12, none}},
		{"mov rax, [r13+0]", []byte{0x49, 0x8b, 0x45, 0x00}, operand{r13, none}},
		{"mov rax, [rbx+r12]", []byte{0x4a, 0x8b, 0x04, 0x23}, operand{rbx, r12}},
		{"mov rax, [r15*8+64]", []byte{0x4a, 0x8b, 0x04, 0xfd, 0x40, 0, 0, 0}, operand{none, r15}},
		{"mov rax, [rip+64]", []byte{0x48, 0x8b, 0x05, 0x40, 0, 0, 0}, operand{none, none}},
		{"lea rax, [rbx+rcx]", []byte{0x48, 0x8d, 0x04, 0x0b}, operand{none, none}},
		{"add dword ptr [rcx], 5", []byte{0x83, 0x01, 0x05}, operand{rcx, none}},
		{"mul qword ptr [r8]", []byte{0x49, 0xf7, 0x20}, operand{r8, none}},
		{"imul eax, [rbx], 5", []byte{0x6b, 0x03, 0x05}, operand{rbx, none}},
		{"movzx eax, byte ptr [rbx+rcx]", []byte{0x0f, 0xb6, 0x04, 0x0b}, operand{rbx, rcx}},
		{"lock cmpxchg [rcx], rdx", []byte{0xf0, 0x48, 0x0f, 0xb1, 0x11}, operand{rcx, none}},
		{"movdqu xmm0, [r8]", []byte{0xf3, 0x41, 0x0f, 0x6f, 0x00}, operand{r8, none}},
		{"movbe rax, [rbx]", []byte{0x48, 0x0f, 0x38, 0xf0, 0x03}, operand{rbx, none}},
		{"adcx rax, [rbx]", []byte{0x66, 0x48, 0x0f, 0x38, 0xf6, 0x03}, operand{rbx, none}},
		{"rep stosq", []byte{0xf3, 0x48, 0xab}, operand{rdi, none}},
		{"rep movsq", []byte{0xf3, 0x48, 0xa5}, operand{rsi, rdi}},
		{"cmpsb", []byte{0xa6}, operand{rsi, rdi}},
		{"lodsb", []byte{0xac}, operand{rsi, none}},
		{"scasb", []byte{0xae}, operand{rdi, none}},
		{"jne far", []byte{0x0f, 0x85, 0x04, 0x03, 0, 0}, operand{none, none}},
		{"bswap rax", []byte{0x48, 0x0f, 0xc8}, operand{none, none}},
		{"vzeroupper", []byte{0xc5, 0xf8, 0x77}, operand{none, none}},
		{"vmovdqu ymm1, [rcx]", []byte{0xc5, 0xfe, 0x6f, 0x09}, operand{rcx, none}},
		{"mulx rax, rbx, [r8+r12]", []byte{0xc4, 0x82, 0xe3, 0xf6, 0x04, 0x20}, operand{r8, r12}},
		{"vmovdqu64 zmm1, [r15+64]", []byte{0x62, 0xd1, 0xfe, 0x48, 0x6f, 0x4f, 0x01}, operand{r15, none}},
		{"vpmadd52luq zmm17, zmm2, [rax+rcx*8]{1to8}", []byte{0x62, 0xe2, 0xed, 0x58, 0xb4, 0x0c, 0xc8}, operand{rax, rcx}},
		{"vpmadd52luq zmm1, zmm2, zmm19", []byte{0x62, 0xb2, 0xed, 0x48, 0xb4, 0xcb}, operand{none, none}},
	} {
		var code [maxInstruction]byte
		copy(code[:], tt.code)
		if got := memoryOperand(&code); got != tt.want {
			t.Errorf("%s: got registers %v, want %v", tt.asm, got, tt.want)
		}
	}
}
