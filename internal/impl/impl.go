// Package impl is the registry of accelerated backends: each package with
// kernels keeps one handle, which knows the names and the toggles of its
// backends. Production code asks it only for a description; internal/impltest
// and the bench module use it to run everything once per backend.
package impl

import (
	"slices"
	"strings"
)

// A Package is the list of a package's backends. It is filled by package-level
// variables, before any other code runs, and never changes afterwards.
type Package struct {
	name     string
	backends []Backend
}

// A Backend is one accelerated implementation. Dispatch reads the bool that
// Toggle points to; only tests write it.
type Backend struct {
	Name   string
	Toggle *bool
	// Available is what the toggle was when the process started: whether this
	// machine can run the backend.
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

// Name returns the name of the package.
func (p *Package) Name() string { return p.name }

// Backends returns a copy of the list of backends, in order of registration.
func (p *Package) Backends() []Backend { return slices.Clone(p.backends) }

// String names the backends in use, best first and joined by "+", or says
// "generic" when there are none.
func (p *Package) String() string {
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
	on       int // the first so many backends are on where available
}

// States lists the states that a real machine can be in: generic, with all backends off,
// then one state per available backend, in which only that backend and those registered
// before it are on.
func (p *Package) States() []State {
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
