package rsa2048

type ifmaConstants struct{}

func (*ifmaConstants) set(*[2]prime) {}
