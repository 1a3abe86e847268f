package gotd

import (
	"context"
	"slices"
	"sync"
)

// A task is something to do for a chat. It returns an error only if Run is to end.
type task func(ctx context.Context) error

// tasks are done by one goroutine, which is there as long as there are any.
type tasks struct {
	mu      sync.Mutex
	list    []task
	working bool
}

// do has something done after all else. c.mu may be held.
func (c *Chat) do(t task) { c.queue(func(list []task) []task { return append(list, t) }) }

// doFirst is do for what goes before all else.
func (c *Chat) doFirst(t ...task) {
	c.queue(func(list []task) []task { return append(slices.Clone(t), list...) })
}

// wakeUp has done what was queued before Run.
func (c *Chat) wakeUp() { c.queue(func(list []task) []task { return list }) }

func (c *Chat) queue(change func([]task) []task) {
	q := &c.in.tasks
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = change(q.list)
	if !q.working && len(q.list) > 0 {
		q.working = c.m.spawn(c.work)
	}
}

func (q *tasks) next() (task, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.list) == 0 {
		return nil, false
	}
	t := q.list[0]
	q.list[0] = nil
	q.list = q.list[1:]
	return t, true
}

// rest ends the goroutine if there is nothing to do.
func (q *tasks) rest() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.list) > 0 {
		return false
	}
	q.list, q.working = nil, false
	return true
}

func (q *tasks) clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = nil
}

// work does the tasks.
func (c *Chat) work(ctx context.Context) error {
	for {
		if t, ok := c.in.tasks.next(); ok && ctx.Err() == nil {
			if err := t(ctx); err != nil && ctx.Err() == nil {
				return err
			}
			continue
		}
		if err := c.settle(); err != nil {
			return err
		}
		if ctx.Err() != nil || c.in.tasks.rest() {
			return nil
		}
	}
}
