package client

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// A program is a running client and a running server.
type program struct {
	clientSide, serverSide *process
}

// used is the cost of something.
type used struct{ ns, allocs int64 }

// client makes the client do the operation n times, and returns the client's cost.
func (p *program) client(o operation, n int) (u used, err error) {
	line, err := p.clientSide.ask(fmt.Sprint(o.name, " ", o.size, " ", n))
	if err != nil {
		return u, err
	}
	if _, err := fmt.Sscan(line, &u.ns, &u.allocs); err != nil {
		return u, fmt.Errorf("%s: answer %q: %w", o.name, line, err)
	}
	return u, nil
}

// both is client plus the server's time.
func (p *program) both(o operation, n int) (used, error) {
	before, err := p.server()
	if err != nil {
		return used{}, err
	}
	u, err := p.client(o, n)
	if err != nil {
		return used{}, err
	}
	after, err := p.server()
	u.ns += after - before
	return u, err
}

// server returns the CPU time that the server has used so far.
func (p *program) server() (ns int64, err error) {
	line, err := p.serverSide.ask("time")
	if err == nil {
		_, err = fmt.Sscan(line, &ns)
	}
	return ns, err
}

// launch starts both sides from a binary.
func launch(binary string) (*program, error) {
	server, hello, err := startProcess(binary, "server")
	if err != nil {
		return nil, err
	}
	address, key, ok := strings.Cut(hello, " ")
	if !ok {
		return nil, fmt.Errorf("the server says %q", hello)
	}
	client, _, err := startProcess(binary, "client", address, key)
	return &program{client, server}, err
}

// A process answers each line with a line. It ends with its input, and so with this process.
type process struct {
	name string
	in   io.Writer
	out  *bufio.Reader
}

func startProcess(binary string, args ...string) (p *process, hello string, err error) {
	cmd := exec.Command(binary, args...)
	cmd.Stderr = os.Stderr
	// On one core, like everything else here. Otherwise the collector would use the idle ones, which
	// counts.
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		return nil, "", err
	}
	p = &process{args[0], in, bufio.NewReader(out)}
	hello, err = p.read()
	return p, hello, err
}

func (p *process) ask(line string) (string, error) {
	if _, err := fmt.Fprintln(p.in, line); err != nil {
		return "", fmt.Errorf("%s: %w", p.name, err)
	}
	return p.read()
}

func (p *process) read() (string, error) {
	line, err := p.out.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("%s: %w", p.name, err)
	}
	line = strings.TrimSuffix(line, "\n")
	if message, failed := strings.CutPrefix(line, "error "); failed {
		return "", fmt.Errorf("%s: %s", p.name, message)
	}
	return line, nil
}
