package x86

import (
	"fmt"
	"strconv"
	"strings"
)

// reference has the instructions of the kernels, and those that package asmlint refuses by
// name. A line is
//
//	mnemonic  encoding  W  operands  [L=lengths] [broadcast=bytes]
//
// An encoding is its kinds (L: legacy, V: VEX, E: EVEX), the map of opcodes, the mandatory
// prefix, and the opcode, with /n for an extension in ModRM.reg, +r for a register in its low
// bits, and +cc for a condition there, which the mnemonic then ends in. W is what REX.W, VEX.W
// or EVEX.W has to be. L lists what the length of vectors may be; it is 128 bits, or any where
// an operand ends in z.
//
// Operands are named as in the manuals. The first letter says where:
//
//	E, G, B  general register: ModRM.rm or memory, ModRM.reg, vvvv
//	W, V, H  vector: ModRM.rm or memory, ModRM.reg, vvvv
//	F, U     general register, vector: ModRM.rm, which is not memory
//	R, S, T  mask register: ModRM.rm, ModRM.reg, vvvv
//	M        memory alone
//	Z, A, C  general register: in the opcode, RAX, RCX
//	X        XMM0
//	I, J     immediate, and target of a jump relative to the end of the instruction
//
// and the second letter its size: b, d, q for 1, 4, 8 bytes, k for a mask; v for 8 with W and 4 without;
// x, y for 16 and 32 bytes, z for the length of vectors; for immediates, z is 4 bytes, v is 8
// with W, s is a byte that is extended by its sign; 1 is a constant one; 0 is no size.
const reference = `
add     L.0.-.01      - Ev,Gv
add     L.0.-.03      - Gv,Ev
add     L.0.-.02      - Gb,Eb
add     L.0.-.05      - Av,Iz
add     L.0.-.81/0    - Ev,Iz
add     L.0.-.83/0    - Ev,Is
or      L.0.-.09      - Ev,Gv
or      L.0.-.0b      - Gv,Ev
or      L.0.-.81/1    - Ev,Iz
or      L.0.-.83/1    - Ev,Is
adc     L.0.-.11      - Ev,Gv
adc     L.0.-.13      - Gv,Ev
adc     L.0.-.81/2    - Ev,Iz
adc     L.0.-.83/2    - Ev,Is
sbb     L.0.-.19      - Ev,Gv
sbb     L.0.-.1b      - Gv,Ev
sbb     L.0.-.81/3    - Ev,Iz
sbb     L.0.-.83/3    - Ev,Is
and     L.0.-.21      - Ev,Gv
and     L.0.-.23      - Gv,Ev
and     L.0.-.25      - Av,Iz
and     L.0.-.81/4    - Ev,Iz
and     L.0.-.83/4    - Ev,Is
sub     L.0.-.29      - Ev,Gv
sub     L.0.-.2b      - Gv,Ev
sub     L.0.-.81/5    - Ev,Iz
sub     L.0.-.83/5    - Ev,Is
xor     L.0.-.31      - Ev,Gv
xor     L.0.-.33      - Gv,Ev
cmp     L.0.-.38      - Eb,Gb
cmp     L.0.-.39      - Ev,Gv
cmp     L.0.-.3b      - Gv,Ev
cmp     L.0.-.3d      - Av,Iz
cmp     L.0.-.81/7    - Ev,Iz
cmp     L.0.-.83/7    - Ev,Is
test    L.0.-.84      - Eb,Gb
test    L.0.-.85      - Ev,Gv
xchg    L.0.-.87      - Ev,Gv
mov     L.0.-.88      - Eb,Gb
mov     L.0.-.89      - Ev,Gv
mov     L.0.-.8a      - Gb,Eb
mov     L.0.-.8b      - Gv,Ev
mov     L.0.-.b0+r    - Zb,Ib
mov     L.0.-.b8+r    0 Zd,Iz
movabs  L.0.-.b8+r    1 Zq,Iv
mov     L.0.-.c7/0    - Ev,Iz
movzx   L.1.-.b6      - Gv,Eb
movsxd  L.0.-.63      1 Gq,Ed
lea     L.0.-.8d      - Gv,M0
push    L.0.-.50+r    - Zq
pop     L.0.-.58+r    - Zq
inc     L.0.-.ff/0    - Ev
dec     L.0.-.ff/1    - Ev
not     L.0.-.f7/2    - Ev
neg     L.0.-.f7/3    - Ev
mul     L.0.-.f7/4    - Ev
div     L.0.-.f7/6    - Ev
imul    L.1.-.af      - Gv,Ev
bsf     L.1.-.bc      - Gv,Ev
shl     L.0.-.c1/4    - Ev,Ib
shl     L.0.-.d1/4    - Ev,I1
shl     L.0.-.d3/4    - Ev,Cb
shr     L.0.-.c1/5    - Ev,Ib
shr     L.0.-.d1/5    - Ev,I1
shr     L.0.-.d3/5    - Ev,Cb
sar     L.0.-.c1/7    - Ev,Ib
rol     L.0.-.c1/0    - Ev,Ib
cmov    L.1.-.40+cc   - Gv,Ev
set     L.1.-.90+cc   - Eb
j       L.0.-.70+cc   - Js
j       L.1.-.80+cc   - Jz
jmp     L.0.-.eb      - Js
jmp     L.0.-.e9      - Jz
jmp     L.0.-.ff/4    - Eq
call    L.0.-.e8      - Jz
call    L.0.-.ff/2    - Eq
ret     L.0.-.c3      - -
int3    L.0.-.cc      - -
cpuid   L.1.-.a2      - -
clc     L.0.-.f8      - -
adcx    L.2.66.f6     - Gv,Ev
adox    L.2.f3.f6     - Gv,Ev
mulx    V.2.f2.f6     - Gv,Bv,Ev
pdep    V.2.f2.f5     - Gv,Bv,Ev
pext    V.2.f3.f5     - Gv,Bv,Ev
bzhi    V.2.-.f5      - Gv,Ev,Bv
shlx    V.2.66.f7     - Gv,Ev,Bv
rorx    V.3.f2.f0     - Gv,Ev,Ib

kmovb   V.1.66.92     0 Sk,Fd
kmovw   V.1.-.92      0 Sk,Fd
kmovq   V.1.f2.92     1 Sk,Fq
kmovb   V.1.66.93     0 Gd,Rk
kmovw   V.1.-.93      0 Gd,Rk
kandb   V.1.66.41     0 Sk,Tk,Rk        L=256
korb    V.1.66.45     0 Sk,Tk,Rk        L=256
vzeroupper V.1.-.77   0 -               L=128
vzeroall   V.1.-.77   0 -               L=256

sha256msg1  L.2.-.cc  0 Vx,Wx
sha256msg2  L.2.-.cd  0 Vx,Wx
sha256rnds2 L.2.-.cb  0 Vx,Wx,Xx
vaesenc     VE.2.66.dc - Vz,Hz,Wz
vaesenclast VE.2.66.dd - Vz,Hz,Wz
vaesdec     VE.2.66.de - Vz,Hz,Wz
vaesdeclast VE.2.66.df - Vz,Hz,Wz
vaesimc     V.2.66.db - Vx,Wx

vmovq   V.1.f3.7e     - Vx,Wq
vmovq   VE.1.66.d6    - Wq,Vx
vmovq   VE.1.66.6e    1 Vx,Eq
vmovq   VE.1.66.7e    1 Eq,Vx
vmovd   VE.1.66.6e    0 Vx,Ed
vmovd   VE.1.66.7e    0 Ed,Vx
vmovdqa V.1.66.6f     - Vz,Wz
vmovdqa V.1.66.7f     - Wz,Vz
vmovdqu V.1.f3.6f     - Vz,Wz
vmovdqu V.1.f3.7f     - Wz,Vz
vmovdqa32 E.1.66.6f   0 Vz,Wz
vmovdqa32 E.1.66.7f   0 Wz,Vz
vmovdqa64 E.1.66.6f   1 Vz,Wz
vmovdqa64 E.1.66.7f   1 Wz,Vz
vmovdqu32 E.1.f3.6f   0 Vz,Wz
vmovdqu32 E.1.f3.7f   0 Wz,Vz
vmovdqu64 E.1.f3.6f   1 Vz,Wz
vmovdqu64 E.1.f3.7f   1 Wz,Vz
vmaskmovps V.2.66.2c  0 Vz,Hz,Mz
vmaskmovps V.2.66.2e  0 Mz,Hz,Vz
vbroadcasti128  V.2.66.5a 0 Vz,Mx       L=256
vbroadcasti32x4 E.2.66.5a 0 Vz,Mx       L=256,512
vextractf128    V.3.66.19 0 Wx,Vz,Ib    L=256
vextracti128    V.3.66.39 0 Wx,Vz,Ib    L=256
vextracti32x4   E.3.66.39 0 Wx,Vz,Ib    L=256,512
vextracti64x4   E.3.66.3b 1 Wy,Vz,Ib    L=512
vinserti128     V.3.66.38 0 Vz,Hz,Wx,Ib L=256
vinserti32x4    E.3.66.38 0 Vz,Hz,Wx,Ib L=256,512
vpbroadcastd    E.2.66.58 0 Vz,Wd
vpbroadcastq    V.2.66.59 0 Vz,Wq
vpbroadcastq    E.2.66.59 1 Vz,Wq
vpbroadcastq    E.2.66.7c 1 Vz,Fq

vpaddd  V.1.66.fe     - Vz,Hz,Wz
vpaddd  E.1.66.fe     0 Vz,Hz,Wz        broadcast=4
vpaddq  V.1.66.d4     - Vz,Hz,Wz
vpaddq  E.1.66.d4     1 Vz,Hz,Wz        broadcast=8
vpsubd  E.1.66.fa     0 Vz,Hz,Wz        broadcast=4
vpsubq  E.1.66.fb     1 Vz,Hz,Wz        broadcast=8
vpand   V.1.66.db     - Vz,Hz,Wz
vpandq  E.1.66.db     1 Vz,Hz,Wz        broadcast=8
vpor    V.1.66.eb     - Vz,Hz,Wz
vporq   E.1.66.eb     1 Vz,Hz,Wz        broadcast=8
vpxor   V.1.66.ef     - Vz,Hz,Wz
vpxord  E.1.66.ef     0 Vz,Hz,Wz        broadcast=4
vpxorq  E.1.66.ef     1 Vz,Hz,Wz        broadcast=8
vpternlogd E.3.66.25  0 Vz,Hz,Wz,Ib     broadcast=4
vpternlogq E.3.66.25  1 Vz,Hz,Wz,Ib     broadcast=8
vpmadd52luq E.2.66.b4 1 Vz,Hz,Wz        broadcast=8
vpmadd52huq E.2.66.b5 1 Vz,Hz,Wz        broadcast=8
vpcmpeqq V.2.66.29    - Vz,Hz,Wz
vpcmpeqq E.2.66.29    1 Sk,Hz,Wz        broadcast=8
vpcmpuq  E.3.66.1e    1 Sk,Hz,Wz,Ib     broadcast=8
vptest   V.2.66.17    - Vz,Wz
vpmovmskb V.1.66.d7   - Gd,Uz
vprord  E.1.66.72/0   0 Hz,Wz,Ib        broadcast=4
vpsrld  V.1.66.72/2   - Hz,Uz,Ib
vpsrld  E.1.66.72/2   0 Hz,Wz,Ib        broadcast=4
vpslld  V.1.66.72/6   - Hz,Uz,Ib
vpslld  E.1.66.72/6   0 Hz,Wz,Ib        broadcast=4
vpsrlq  E.1.66.73/2   1 Hz,Wz,Ib        broadcast=8
vpslldq V.1.66.73/7   - Hz,Uz,Ib
vpslldq E.1.66.73/7   - Hz,Wz,Ib
vpshufb VE.2.66.00    - Vz,Hz,Wz
vpshufd V.1.66.70     - Vz,Wz,Ib
vpshufd E.1.66.70     0 Vz,Wz,Ib        broadcast=4
vpalignr V.3.66.0f    - Vz,Hz,Wz,Ib
valignq E.3.66.03     1 Vz,Hz,Wz,Ib     broadcast=8
vpunpckldq  V.1.66.62 - Vz,Hz,Wz
vpunpckldq  E.1.66.62 0 Vz,Hz,Wz        broadcast=4
vpunpckhdq  V.1.66.6a - Vz,Hz,Wz
vpunpckhdq  E.1.66.6a 0 Vz,Hz,Wz        broadcast=4
vpunpcklqdq V.1.66.6c - Vz,Hz,Wz
vpunpcklqdq E.1.66.6c 1 Vz,Hz,Wz        broadcast=8
vpunpckhqdq V.1.66.6d - Vz,Hz,Wz
vpunpckhqdq E.1.66.6d 1 Vz,Hz,Wz        broadcast=8
vshufi64x2  E.3.66.43 1 Vz,Hz,Wz,Ib     L=256,512 broadcast=8
`

// conditions end the mnemonics of conditional instructions.
var conditions = [16]string{"o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"}

// encoding is what tells instructions apart.
type encoding struct {
	kind      byte // 'L', 'V' or 'E'
	opmap     byte
	prefix    byte // 0x66, 0xf2, 0xf3, or 0
	opcode    byte
	extension int8 // of the opcode, in ModRM.reg, or none
	w, length byte // length: 0, 1, 2 for 128, 256, 512 bits
}

const none = -1

// form is what an encoding means.
type form struct {
	op        string
	operands  []string
	hasModRM  bool
	broadcast int // bytes of an element that may be broadcast from memory, or 0
}

var forms = parse()

func parse() map[encoding]*form {
	all := map[encoding]*form{}
	for line := range strings.Lines(reference) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		f := &form{op: fields[0]}
		lengths := []string{"128"}
		if fields[3] != "-" {
			f.operands = strings.Split(fields[3], ",")
		}
		for _, o := range f.operands {
			f.hasModRM = f.hasModRM || !strings.ContainsRune("ZACXIJ", rune(o[0]))
			if o[1] == 'z' && !strings.ContainsRune("IJ", rune(o[0])) {
				lengths = []string{"128", "256", "512"}
			}
		}
		for _, option := range fields[4:] {
			if l, ok := strings.CutPrefix(option, "L="); ok {
				lengths = strings.Split(l, ",")
			} else if b, ok := strings.CutPrefix(option, "broadcast="); ok {
				f.broadcast = number(b, 10)
			} else {
				panic("option " + option)
			}
		}
		enc := strings.Split(fields[1], ".")
		prefix := byte(0)
		if enc[2] != "-" {
			prefix = byte(number(enc[2], 16))
		}
		opcode, rest := number(enc[3][:2], 16), enc[3][2:]
		extension, count := none, 1
		switch {
		case rest == "+r":
			count = 8
		case rest == "+cc":
			count = 16
		case rest != "":
			extension = number(rest[1:], 10)
		}
		for _, kind := range []byte(enc[0]) {
			for i := range count {
				g := f
				if rest == "+cc" {
					c := *f
					c.op += conditions[i]
					g = &c
				}
				for w := range byte(2) {
					for length, l := range []string{"128", "256", "512"} {
						e := encoding{kind, byte(number(enc[1], 10)), prefix, byte(opcode + i), int8(extension), w, byte(length)}
						if fields[2] != "-" && fields[2] != string('0'+w) || !contains(lengths, l) || kind == 'V' && length > 1 || kind == 'L' && length > 0 {
							continue
						}
						if all[e] != nil {
							panic(fmt.Sprintf("%s and %s have one encoding", all[e].op, f.op))
						}
						all[e] = g
					}
				}
			}
		}
	}
	return all
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func number(s string, base int) int {
	n, err := strconv.ParseUint(s, base, 16)
	if err != nil {
		panic(err)
	}
	return int(n)
}
