package results

import (
	"slices"
	"strconv"
)

// rounded returns a copy of r without meaningless digits.
func (r *Report) rounded() *Report {
	c := *r
	c.Results = slices.Clone(r.Results)
	for i := range c.Results {
		x := &c.Results[i]
		for _, f := range []*float64{&x.Ns, &x.Low, &x.High, &x.Min, &x.Max, &x.Disturbed} {
			*f = round(*f)
		}
		x.Samples = slices.Clone(x.Samples)
		for j := range x.Samples {
			x.Samples[j] = round(x.Samples[j])
		}
		x.Ratios = slices.Clone(x.Ratios)
		for j := range x.Ratios {
			q := &x.Ratios[j]
			q.Value, q.Low, q.High = round(q.Value), round(q.Low), round(q.High)
		}
	}
	c.Targets = slices.Clone(r.Targets)
	for i := range c.Targets {
		t := &c.Targets[i]
		t.Value, t.Limit = round(t.Value), round(t.Limit)
	}
	if r.Probe != nil {
		p := *r.Probe
		p.During = slices.Clone(p.During)
		p.Before, p.After = p.Before.rounded(), p.After.rounded()
		for i := range p.During {
			p.During[i] = p.During[i].rounded()
		}
		p.Quiet, p.Steal = round(p.Quiet), round(p.Steal)
		c.Probe = &p
	}
	return &c
}

func (r Reading) rounded() Reading { return Reading{round(r.Throughput), round(r.Latency)} }

func round(x float64) float64 {
	x, _ = strconv.ParseFloat(strconv.FormatFloat(x, 'g', 5, 64), 64)
	return x
}
