// Package impl is the registry of accelerated backends. Each package with kernels keeps one
// handle, which knows the names and the toggles of its backends. Production code uses it to
// test them before their first use, and to describe them; internal/impltest and the bench
// module use it to run everything once per backend.
package impl

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A Package is the list of a package's backends. Package-level variables and an init function
// fill it before any other code runs. The only later change is that backends that fail their
// test are switched off.
type Package struct {
	name     string
	backends []Backend

	selfTest func() bool
	tested   atomic.Bool
	mu       sync.Mutex // held while backends are tested
}

// A Backend is one accelerated implementation. Dispatch reads the bool that Toggle points to;
// only Ready and tests write it.
type Backend struct {
	Name   string
	Toggle *bool
	// Available says that the toggle was on when the process started, which means that this
	// machine has the instructions, and that the backend has passed its test.
	Available bool
	// replaces is set if the backend does all that the one before it does.
	replaces bool
}

var packages []*Package

// Packages returns the handles of all packages linked into the program.
func Packages() []*Package { return slices.Clone(packages) }

// New returns the handle of the package called name. It panics when the name
// is taken, since tests address backends as "package:backend".
func New(name string) *Package {
	if slices.ContainsFunc(packages, func(p *Package) bool { return p.name == name }) {
		panic("impl: duplicate package " + name)
	}
	p := &Package{name: name}
	packages = append(packages, p)
	return p
}

// Add registers a backend under the name users know it by and returns p.
// Backends come in order of capability, each needing what those before it
// need. The toggle must have its final value already. It panics on a duplicate
// name.
func (p *Package) Add(name string, toggle *bool) *Package { return p.add(name, toggle, false) }

// Replace is like Add, for a backend that takes over all the work of the one registered
// before it.
func (p *Package) Replace(name string, toggle *bool) *Package { return p.add(name, toggle, true) }

func (p *Package) add(name string, toggle *bool, replaces bool) *Package {
	if slices.ContainsFunc(p.backends, func(b Backend) bool { return b.Name == name }) {
		panic("impl: duplicate backend " + p.name + ":" + name)
	}
	p.backends = append(p.backends, Backend{Name: name, Toggle: toggle, Available: *toggle, replaces: replaces})
	return p
}

// SelfTest sets the test of p's backends, which reports whether the package gives right
// answers with the current toggles. It takes some microseconds, covers everything that
// differs between backends, and must not call Ready of p.
//
// Backends are only used after they have passed it, since CPUs and emulators do not always
// compute what their feature flags promise: qemu 7.2 gets AES wrong in registers of 256 bits.
func (p *Package) SelfTest(test func() bool) { p.selfTest = test }

// Ready tests the backends on the first call, and switches off those that fail. Every entry
// point of the package calls it before it reads a toggle. Later calls are a load and a
// branch; calls during the test wait.
func (p *Package) Ready() {
	if !p.tested.Load() {
		p.test()
	}
}

// test tests the backends in the order of registration. Since each may need those before it,
// one that fails takes the following ones with it.
func (p *Package) test() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tested.Load() {
		return
	}
	if p.selfTest == nil {
		panic("impl: no self-test of " + p.name)
	}
	good := true
	for i := range p.backends {
		b := &p.backends[i]
		if b.Available {
			good = good && State{b.Name, p.backends, i + 1}.passes(p.selfTest)
			b.Available = good
		}
		*b.Toggle = *b.Toggle && b.Available
	}
	p.tested.Store(true)
}

// Again resets p to the state before its backends were tested, for tests of Ready, and
// returns the function that restores everything. Nothing else may use the package meanwhile.
func (p *Package) Again() (restore func()) {
	p.Ready()
	old := p.Backends()
	on := make([]bool, len(old))
	for i, b := range old {
		on[i] = *b.Toggle
	}
	p.tested.Store(false)
	return func() {
		copy(p.backends, old)
		for i, b := range old {
			*b.Toggle = on[i]
		}
		p.tested.Store(true)
	}
}

// Tested reports whether the backends have been tested.
func (p *Package) Tested() bool { return p.tested.Load() }

// passes reports whether the test passes in state s. A panic is a failure.
func (s State) passes(test func() bool) (ok bool) {
	defer s.Enter()()
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return test()
}

// Fill fills b, for self-tests, with pseudorandom bytes (those of splitmix64) that follow
// from the seed. It returns the seed for further bytes.
func Fill(b []byte, seed uint64) (next uint64) {
	for ; len(b) > 0; b = b[min(8, len(b)):] {
		seed += 0x9e3779b97f4a7c15
		z := seed
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
		for i := range min(8, len(b)) {
			b[i] = byte(z >> (8 * i))
		}
	}
	return seed
}

// Name returns the name of the package.
func (p *Package) Name() string { return p.name }

// Backends returns a copy of the list of backends, in order of registration.
func (p *Package) Backends() []Backend {
	p.Ready()
	return slices.Clone(p.backends)
}

// String names the backends in use, best first and joined by "+", or says
// "generic" when there are none.
func (p *Package) String() string {
	p.Ready()
	var names []string
	replaced := false
	for _, b := range slices.Backward(p.backends) {
		if *b.Toggle && !replaced {
			names = append(names, b.Name)
		}
		replaced = *b.Toggle && b.replaces
	}
	if len(names) == 0 {
		return "generic"
	}
	return strings.Join(names, "+")
}

// A State is one setting of all toggles of a package.
type State struct {
	Name     string // the best backend that is on, or "generic"
	backends []Backend
	on       int // how many backends are on, from the first, where available
}

// States lists the states that a real machine can be in: generic, with all backends off,
// then one state per available backend, in which only that backend and those registered
// before it are on.
func (p *Package) States() []State {
	p.Ready()
	states := []State{{"generic", p.backends, 0}}
	for i, b := range p.backends {
		if b.Available {
			states = append(states, State{b.Name, p.backends, i + 1})
		}
	}
	return states
}

// Enter sets the toggles and returns the function that restores them. Toggles
// are plain globals: nothing else may use the package meanwhile.
func (s State) Enter() (leave func()) {
	old := make([]bool, len(s.backends))
	for i, b := range s.backends {
		old[i] = *b.Toggle
		*b.Toggle = i < s.on && b.Available
	}
	return func() {
		for i, b := range s.backends {
			*b.Toggle = old[i]
		}
	}
}
