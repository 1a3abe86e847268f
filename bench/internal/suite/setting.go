package suite

import (
	"slices"

	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/internal/results"
)

// A Setting is a choice of which backends are on, in which packages of mtcore can run.
type Setting struct {
	Name   string
	States []impl.State
}

// Generic is the name of the setting without assembly. It comes first in each list.
const Generic = "generic"

// OurName is what tables call an mtcore package in a setting.
func OurName(s Setting) string { return "mtcore " + s.Name }

// Row is the row of one of mtcore's ways in the setting.
func (s *Setting) Row(way results.Way) Row { return Row(results.RowName(way, s.Name)) }

// Enter turns the backends on and off, and returns a function that restores them.
func (s *Setting) Enter() (leave func()) {
	var leaves []func()
	for _, state := range s.States {
		leaves = append(leaves, state.Enter())
	}
	return func() {
		for _, leave := range leaves {
			leave()
		}
	}
}

// SettingsOf returns the settings in which this machine can run an mtcore package, the
// generic one first and the best one last.
func SettingsOf(pkg string) []Setting {
	var settings []Setting
	for _, s := range StatesOf(pkg) {
		settings = append(settings, Setting{s.Name, []impl.State{s}})
	}
	return settings
}

// StatesOf returns the states of an mtcore package, in the same order.
func StatesOf(pkg string) []impl.State {
	packages := impl.Packages()
	i := slices.IndexFunc(packages, func(p *impl.Package) bool { return p.Name() == pkg })
	if i < 0 {
		panic("bench: internal error: no package " + pkg)
	}
	return packages[i].States()
}

// Without returns the settings except those with one of the names, or all of them if
// nothing would be left.
func Without(settings []Setting, names ...string) []Setting {
	rest := slices.DeleteFunc(slices.Clone(settings), func(s Setting) bool { return slices.Contains(names, s.Name) })
	if len(rest) == 0 {
		return settings
	}
	return rest
}

// WithoutGeneric leaves out the generic setting. It may return none.
func WithoutGeneric(settings []Setting) []Setting {
	return slices.DeleteFunc(slices.Clone(settings), func(s Setting) bool { return s.Name == Generic })
}

// Single returns the row of one message at a time with which a batch in the setting is compared:
// that of the same setting, or of the last one if there is none.
func (s *Setting) Single(singles []Setting) Row {
	for i := range singles {
		if singles[i].Name == s.Name {
			return singles[i].Row(results.OneByOne)
		}
	}
	return singles[len(singles)-1].Row(results.OneByOne)
}

// MaxGeneric is the longest message that the generic implementation is measured with on a
// machine that has a better one.
const MaxGeneric = 1 << 10

// MeasuredWith reports whether setting i is measured with messages of this size.
func MeasuredWith(settings []Setting, i, size int) bool {
	return settings[i].Name != Generic || i == len(settings)-1 || size <= MaxGeneric
}

// Names returns the names of the settings.
func Names(settings []Setting) []string {
	var names []string
	for _, s := range settings {
		names = append(names, s.Name)
	}
	return names
}
