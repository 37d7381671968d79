package result

import "math"

// mostPoints is how many points of a series are kept in a file.
const mostPoints = 120

// Thin keeps at most so many points, evenly, and the last one.
func (s Series) Thin() Series {
	step := (len(s.Points) + mostPoints - 1) / mostPoints
	if step <= 1 {
		return s
	}
	thin := Series{Name: s.Name}
	for i := 0; i < len(s.Points); i += step {
		thin.Points = append(thin.Points, s.Points[i])
	}
	if last := s.Points[len(s.Points)-1]; thin.Points[len(thin.Points)-1] != last {
		thin.Points = append(thin.Points, last)
	}
	return thin
}

// warm is the series without its first third, which warms up.
func (s Series) warm() [][2]float64 { return s.Points[len(s.Points)/3:] }

// Slope is the growth in a minute by least squares, once warm; false says that
// there are too few points for one.
func (s Series) Slope() (float64, bool) {
	points := s.warm()
	var n, x, y, xx, xy float64
	for _, p := range points {
		minutes := p[0] / 60
		n, x, y = n+1, x+minutes, y+p[1]
		xx, xy = xx+minutes*minutes, xy+minutes*p[1]
	}
	d := n*xx - x*x
	if n < 3 || d == 0 {
		return 0, false
	}
	return (n*xy - x*y) / d, true
}

// Range is the least and the most, once warm; of no points it is no number.
func (s Series) Range() (least, most float64) {
	least, most = math.NaN(), math.NaN()
	for i, p := range s.warm() {
		if i == 0 {
			least, most = p[1], p[1]
		}
		least, most = min(least, p[1]), max(most, p[1])
	}
	return least, most
}
