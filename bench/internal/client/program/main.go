// Command program is a client made with gotd/td, and a gotd/td server for it. Suite client of the
// benchmark builds it as gotd/td comes and with mtcore, and tells it what to do. It knows nothing of
// mtcore itself.
//
// It reads instructions as lines from its standard input, and answers each with a line, which begins
// with "error" if something went wrong. It ends at the end of its input.
package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Printf("error %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("usage: program server | program client ADDRESS KEY")
	}
	switch {
	case args[0] == "server" && len(args) == 1:
		return serve()
	case args[0] == "client" && len(args) == 3:
		return connect(args[1], args[2])
	}
	return fmt.Errorf("unexpected arguments %q", args)
}

// answer answers each line with the result of do.
func answer(do func(line string) (string, error)) error {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		text, err := do(lines.Text())
		if err != nil {
			return err
		}
		fmt.Println(text)
	}
	return lines.Err()
}
