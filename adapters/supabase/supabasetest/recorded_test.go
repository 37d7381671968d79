package supabasetest_test

import "path/filepath"

// recordings is where exchanges with the real services lie, beside the
// repository; they are not part of it.
var recordings = filepath.Join("..", "..", "..", "..", "shared", "contracts", "supabase-recorded")
