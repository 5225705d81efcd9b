package cameras

import (
	"slices"
	"testing"
	"time"
)

// TestStory holds the story to what the package says of it.
func TestStory(t *testing.T) {
	for _, c := range []struct {
		camera string
		at     string
		want   effect
	}{
		{"quoc-lo-70-bao-yen", "39s", noEffect},
		{"quoc-lo-70-bao-yen", "40s", frozen},
		{"quoc-lo-70-bao-yen", "2m19s", frozen},
		{"quoc-lo-70-bao-yen", "2m20s", noEffect},
		{"quoc-lo-70-bao-yen", "10m41s", frozen},
		{"cho-bac-ha", "1m10s", away},
		{"cho-bac-ha", "2m30s", noEffect},
		{"cau-coc-leu", "1m10s", noEffect},
		{"deo-o-quy-ho", "6m40s", away},
		{"nha-tho-da-sa-pa", "6m40s", away},
		{"cap-treo-fansipan", "7m29s", away},
		{"cap-treo-fansipan", "7m30s", noEffect},
	} {
		at, err := time.ParseDuration(c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := during(eventsOf(c.camera), at); got != c.want {
			t.Errorf("%s at %s: %q, want %q", c.camera, c.at, got, c.want)
		}
	}
}

func TestStoryIsAboutCamerasThatExist(t *testing.T) {
	for _, e := range story() {
		if !slices.Contains(IDs(), e.camera) {
			t.Errorf("%s: there is no such camera", e.camera)
		}
		if e.from >= e.to || e.to > cycle {
			t.Errorf("%s: from %v to %v", e.camera, e.from, e.to)
		}
		// A centre needs 10 s to see that a picture is frozen, and 30 s until
		// the alert.
		if e.to-e.from < 45*time.Second {
			t.Errorf("%s: %v are too short for anybody to see it", e.camera, e.to-e.from)
		}
	}
}
