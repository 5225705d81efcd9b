package strictyaml

// Nearest returns the one of known that wrong was most likely meant to be, or
// "" if none is near enough to be worth a suggestion.
func Nearest(wrong string, known []string) string {
	best, bestDistance := "", max((len(wrong)+1)/3, 1)+1
	for _, k := range known {
		if d := distance(wrong, k); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// distance is Levenshtein's, by byte.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
