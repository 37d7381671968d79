package supabasetest

import (
	"net/http"
	"slices"
	"strings"
)

// findStorage reads a path below /storage/v1/ and fills the call's operation,
// bucket and key.
func (s *Server) findStorage(c *call, rest string) func(*call) {
	c.service, c.op = "storage", OpOther
	head, tail, _ := strings.Cut(rest, "/")
	switch head {
	case "status":
		return func(c *call) { c.w.WriteHeader(http.StatusOK) }
	case "bucket":
		return s.findBucket(c, tail)
	case "object":
		return s.findObject(c, tail)
	}
	return notRouted
}

func (s *Server) findBucket(c *call, tail string) func(*call) {
	id, action, _ := strings.Cut(tail, "/")
	c.op, c.bucket = OpBucket, id
	switch c.r.Method + " " + action {
	case "GET ":
		if id == "" {
			return s.guarded(s.listBuckets)
		}
		return s.guarded(s.getBucket)
	case "POST ":
		c.op = OpBucketCreate
		return s.guarded(s.createBucket)
	case "PUT ":
		return s.guarded(s.updateBucket)
	case "DELETE ":
		return s.guarded(s.deleteBucket)
	case "POST empty":
		return s.guarded(s.emptyBucket)
	}
	return notRouted
}

// objectRoute is one way below /storage/v1/object/.
type objectRoute struct {
	method string
	prefix string // longest first
	op     Op
	run    func(*Server, *call)
	open   bool // needs no key: a signed or public address
}

var objectRoutes = []objectRoute{
	{"POST", "upload/sign/", OpSignUpload, (*Server).signUpload, false},
	{"PUT", "upload/sign/", OpUpload, (*Server).uploadSigned, true},
	{"GET", "info/authenticated/", OpInfo, (*Server).info, false},
	{"GET", "authenticated/", OpDownload, (*Server).download, false},
	{"HEAD", "authenticated/", OpDownload, (*Server).download, false},
	{"GET", "public/", OpDownload, (*Server).downloadPublic, true},
	{"GET", "info/", OpInfo, (*Server).info, false},
	{"POST", "list-v2/", OpList, (*Server).listKeys, false},
	{"POST", "list/", OpList, (*Server).listObjects, false},
	{"POST", "sign/", OpSign, (*Server).sign, false},
	{"GET", "sign/", OpDownload, (*Server).downloadSigned, true},
	{"POST", "move", OpMove, (*Server).move, false},
	{"POST", "copy", OpMove, (*Server).move, false},
	{"POST", "", OpUpload, (*Server).upload, false},
	{"PUT", "", OpUpload, (*Server).upload, false},
	{"GET", "", OpDownload, (*Server).download, false},
	{"HEAD", "", OpDownload, (*Server).download, false},
	{"DELETE", "", OpDelete, (*Server).deleteObjects, false},
}

func (s *Server) findObject(c *call, tail string) func(*call) {
	i := slices.IndexFunc(objectRoutes, func(r objectRoute) bool {
		return r.method == c.r.Method && strings.HasPrefix(tail, r.prefix)
	})
	if i < 0 {
		return notRouted
	}
	route := objectRoutes[i]
	c.op = route.op
	c.bucket, c.key, _ = strings.Cut(strings.TrimPrefix(tail, route.prefix), "/")
	run := func(c *call) { route.run(s, c) }
	if route.open {
		return run
	}
	return s.guarded(run)
}

// guarded is storage's own look at the caller.
func (s *Server) guarded(run func(*call)) func(*call) {
	return func(c *call) {
		switch {
		case c.denied != "":
			c.fail(badToken(c.denied))
		case c.role == "":
			c.fail(errNoAuth)
		default:
			run(c)
		}
	}
}

// may reports whether the caller passes the row policies: service_role does
// unless the test took its policy away, and nobody else has one.
func (c *call) may() bool { return c.role == roleService && !c.shows(NoPolicy) }

func notRouted(c *call) {
	c.json(http.StatusNotFound, map[string]any{
		"message":    "Route " + c.r.Method + ":" + c.r.URL.Path + " not found",
		"error":      "Not Found",
		"statusCode": http.StatusNotFound,
	})
}
