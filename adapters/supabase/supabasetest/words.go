package supabasetest

import "net/http"

// storageError is a failure in the storage's words. The HTTP status is 400 for
// nearly all of them; the true one is a string in the body.
type storageError struct {
	Status  string `json:"statusCode"`
	Error   string `json:"error"`
	Message string `json:"message"`
	Code    string `json:"code"`

	http int // where it is not 400
}

var (
	errDuplicate = storageError{"409", "Duplicate", "The resource already exists", "KeyAlreadyExists", 0}
	errBucketDup = storageError{"409", "Duplicate", "The resource already exists", "BucketAlreadyExists", 0}
	errTooLarge  = storageError{"413", "Payload too large", "The object exceeded the maximum allowed size", "EntityTooLarge", 0}
	errNoKey     = storageError{"404", "not_found", "Object not found", "NoSuchKey", 0}
	errNoBucket  = storageError{"404", "Bucket not found", "Bucket not found", "NoSuchBucket", 0}
	errDenied    = storageError{"403", "Unauthorized", "new row violates row-level security policy", "AccessDenied", 0}
	errNoAuth    = storageError{"400", "Error", "headers must have required property 'authorization'", "InvalidRequest", 0}
	errNoToken   = storageError{"400", "Error", "querystring must have required property 'token'", "InvalidRequest", 0}
	errExpiresIn = storageError{"400", "Error", "body/expiresIn must be >= 1", "InvalidRequest", 0}
	errLimit     = storageError{"400", "Error", "body/limit must be >= 1", "InvalidRequest", 0}
	errBody      = storageError{"400", "Error", "body must be object", "InvalidRequest", 0}
	errBucketBad = storageError{"400", "Invalid Input", "Bucket name invalid", "InvalidBucketName", 0}
	errNotEmpty  = storageError{"409", "ResourceNotEmpty", "The bucket you tried to delete is not empty", "ResourceNotEmpty", 0}
	errSignature = storageError{"400", "InvalidSignature", "Invalid signature", "InvalidSignature", 0}
	errInternal  = storageError{"500", "Internal", "Internal Server Error", "InternalError", http.StatusInternalServerError}
	errTimeout   = storageError{"544", "Database Timeout", "The connection to the database timed out", "DatabaseTimeout", 544}
	errSlowDown  = storageError{"429", "too_many_connections", "Too many connections issued to the database", "SlowDown", http.StatusTooManyRequests}
)

func badMime(mime string) storageError {
	return storageError{"415", "invalid_mime_type", "mime type " + mime + " is not supported", "InvalidMimeType", 0}
}

func badKey(key string) storageError {
	return storageError{"400", "InvalidKey", "Invalid key: " + key, "InvalidKey", 0}
}

func dottedKey(bucket, key, version string) storageError {
	return badKey("stub/local/" + bucket + "/" + key + "/" + version + " contains dot path segment")
}

func badToken(why string) storageError {
	return storageError{"403", "Unauthorized", why, "AccessDenied", 0}
}

func badLink(why string) storageError {
	return storageError{"400", "InvalidJWT", why, "InvalidJWT", 0}
}

func (c *call) fail(e storageError) {
	status := http.StatusBadRequest
	if e.http != 0 {
		status = e.http
	}
	c.json(status, e)
}
