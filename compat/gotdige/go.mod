// What the replace directive of a program that uses github.com/gotd/ige points to;
// see README.md. It has the module path of what it replaces.
module github.com/gotd/ige

go 1.25.0

require github.com/mtcore/mtcore v0.0.0

require golang.org/x/sys v0.46.0 // indirect

replace github.com/mtcore/mtcore => ../..
