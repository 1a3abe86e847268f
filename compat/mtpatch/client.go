package main

// client is a program or library whose crypto can be put on mtcore: its module and the
// table of what is rewritten. Supporting another client means one more value of this
// type, in a file of its own, and an entry in clients.
type client struct {
	// name is what messages call it.
	name string
	// module is the path in go.mod files, or nothing if the client is no module of its own.
	module string
	// tried are the versions that were tried as a whole, with their own tests. Others
	// are patched as well if all that is required is known.
	tried []string
	// rewrites is the table.
	rewrites []rewrite
}

var clients = []*client{&gotd, &gogram, &mtgo, &teamgram, &mautrix}

// adapterPath is the package that rewritten functions call, and mtcorePath its module.
const (
	mtcorePath  = "github.com/mtcore/mtcore"
	adapterPath = mtcorePath + "/compat/adapter"
)

func clientOf(module string) *client {
	for _, c := range clients {
		if c.module == module {
			return c
		}
	}
	return nil
}
