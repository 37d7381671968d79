package bench

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// packed is a text's size after gzip at its default.
func packed(b *testing.B, content []byte) int {
	b.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(content); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return out.Len()
}

// papers is the corpus and the real PDFs of make realpdfs, where they are.
func papers(b *testing.B) map[string][][]byte {
	b.Helper()
	files := map[string][][]byte{}
	for _, d := range append(corpus.All(), corpus.Filler(40, 1), corpus.Filler(200, 2)) {
		files["corpus"] = append(files["corpus"], d.Bytes)
	}
	real, err := filepath.Glob("../.local/realpdfs/*.pdf")
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range real {
		content, err := os.ReadFile(name) //nolint:gosec // a file of the clone
		if err != nil {
			b.Fatal(err)
		}
		files["real"] = append(files["real"], content)
	}
	return files
}

// BenchmarkCompressedFiles tells what gzip would take off stored files.
func BenchmarkCompressedFiles(b *testing.B) {
	for kind, files := range papers(b) {
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				whole, small := 0, 0
				for _, content := range files {
					whole += len(content)
					small += packed(b, content)
				}
				b.ReportMetric(float64(len(files)), "files")
				b.ReportMetric(float64(whole), "bytes")
				b.ReportMetric(100*float64(small)/float64(whole), "%left")
			}
		})
	}
}

// pageTexts is the corpus's text by page, as a parser gives it.
func pageTexts() (pages []string) {
	for _, d := range append(corpus.All(), corpus.Filler(200, 2)) {
		texts := map[int]*strings.Builder{}
		for _, block := range d.Blocks {
			if texts[block.Page] == nil {
				texts[block.Page] = &strings.Builder{}
			}
			fmt.Fprintf(texts[block.Page], "%s\n\n", block.Markdown())
		}
		for _, text := range texts {
			pages = append(pages, text.String())
		}
	}
	return pages
}

// BenchmarkCompressedText tells what each way of PostgreSQL leaves of parsed
// text, and what writing and reading all of it costs.
func BenchmarkCompressedText(b *testing.B) {
	pages, whole, gzipped := pageTexts(), 0, 0
	for _, text := range pages {
		whole += len(text)
		gzipped += packed(b, []byte(text))
	}
	conn, err := pgx.Connect(b.Context(), cluster(b).SuperURL())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close(b.Context()) })
	do := func(b *testing.B, sql string, args ...any) time.Duration {
		b.Helper()
		start := time.Now()
		if _, err := conn.Exec(b.Context(), sql, args...); err != nil {
			b.Fatal(err)
		}
		return time.Since(start)
	}
	for name, column := range map[string]string{"none": "storage external", "pglz": "compression pglz", "lz4": "compression lz4"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				do(b, `drop table if exists packed`)
				do(b, `create table packed (n serial, text text)`)
				do(b, `alter table packed alter text set `+column)
				write := do(b, `insert into packed (text) select unnest($1::text[])`, pages)
				read := do(b, `select sum(octet_length(text || '')) from packed`)
				var left, disk int64
				if err := conn.QueryRow(b.Context(), `select sum(pg_column_size(text)), pg_total_relation_size('packed') from packed`).Scan(&left, &disk); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(pages)), "pages")
				b.ReportMetric(float64(whole), "bytes")
				b.ReportMetric(100*float64(left)/float64(whole), "%left")
				b.ReportMetric(100*float64(gzipped)/float64(whole), "%gzip")
				b.ReportMetric(float64(disk), "disk-bytes")
				b.ReportMetric(float64(write.Microseconds()), "write-µs")
				b.ReportMetric(float64(read.Microseconds()), "read-µs")
			}
		})
	}
}
