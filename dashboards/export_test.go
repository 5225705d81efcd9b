package dashboards

// Operations returns the method and path of every route of the API.
func Operations() []string {
	var out []string
	for _, r := range (&site{}).routes() {
		out = append(out, r.method+" "+r.path)
	}
	return out
}

// OpenAPI is the served description.
func OpenAPI() []byte { return openAPI }
