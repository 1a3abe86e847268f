package mobile

import (
	"bytes"
	"context"

	"github.com/mtcore/mtcore/srp"
)

// PasswordProof is what a client sends to prove that it knows the password of an account, in
// inputCheckPasswordSRP. It comes from CheckPassword.
type PasswordProof struct {
	a, m1 []byte
}

// CheckPassword returns the proof for a password in UTF-8, given the fields of
// account.password: group, salts, and B, which is srp_B. It takes a tenth of a second or more,
// and can be stopped by a Progress, which may be null. An empty password is refused: the
// exception says what to send in place of a proof.
func CheckPassword(password []byte, group *DHGroup, salt1, salt2, srpB []byte, progress Progress) (*PasswordProof, error) {
	p, err := passwordParams(group, salt1, salt2)
	if err != nil {
		return nil, err
	}
	ctx := newHashing(progress)
	a, m1, err := srp.Check(ctx, p, password, srpB)
	if err != nil {
		return nil, ctx.cause(err)
	}
	return &PasswordProof{a[:], m1[:]}, nil
}

// A returns the 256 bytes of A.
func (p *PasswordProof) A() []byte { return bytes.Clone(p.a) }

// M1 returns the 32 bytes of M1.
func (p *PasswordProof) M1() []byte { return bytes.Clone(p.m1) }

// PasswordVerifier is what a client sends to set a password, in
// account.passwordInputSettings. It comes from NewPassword.
type PasswordVerifier struct {
	hash, salt1 []byte
}

// NewPassword returns the verifier of a new password in UTF-8, given the fields of
// new_algo in account.password. It takes as long as CheckPassword, and refuses an empty password too.
func NewPassword(password []byte, group *DHGroup, salt1, salt2 []byte, progress Progress) (*PasswordVerifier, error) {
	p, err := passwordParams(group, salt1, salt2)
	if err != nil {
		return nil, err
	}
	ctx := newHashing(progress)
	v, newSalt1, err := srp.NewVerifier(ctx, p, password)
	if err != nil {
		return nil, ctx.cause(err)
	}
	return &PasswordVerifier{v[:], newSalt1}, nil
}

// Hash returns the 256 bytes of new_password_hash.
func (v *PasswordVerifier) Hash() []byte { return bytes.Clone(v.hash) }

// Salt1 returns the salt1 to send in new_algo: the server's, followed by 32 random bytes.
func (v *PasswordVerifier) Salt1() []byte { return bytes.Clone(v.salt1) }

func passwordParams(group *DHGroup, salt1, salt2 []byte) (*srp.Params, error) {
	if group == nil || group.group == nil {
		return nil, errUnusable
	}
	return &srp.Params{Group: group.group, Salt1: bytes.Clone(salt1), Salt2: bytes.Clone(salt2)}, nil
}

// hashing is a context that calls a Progress each time it is asked whether it is done. Package
// srp asks about two hundred times.
type hashing struct {
	context.Context
	progress    Progress
	done        int64
	progressErr error
}

const hashingSteps = 200

func newHashing(p Progress) *hashing {
	return &hashing{Context: context.Background(), progress: p}
}

func (h *hashing) Err() error {
	if h.progressErr == nil && h.done < hashingSteps {
		h.done++
		h.progressErr = report(h.progress, h.done, hashingSteps)
	}
	return h.progressErr
}

// cause returns what the Progress threw, or else err.
func (h *hashing) cause(err error) error {
	if h.progressErr != nil {
		return h.progressErr
	}
	return err
}
