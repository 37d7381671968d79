package pgserver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// image is used where no local server can be had.
const (
	image      = "pgvector/pgvector:pg17"
	imageMajor = 17
)

// findDocker tells whether a container engine answers.
func findDocker(ctx context.Context, _ Options) (Binaries, error) {
	if _, err := exec.LookPath("docker"); err != nil {
		return Binaries{}, errors.New("no docker command")
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := run(ctx, "", "docker", "version", "--format", "{{.Server.Version}}"); err != nil {
		return Binaries{}, errors.New("the docker engine does not answer")
	}
	return Binaries{Image: image, Major: imageMajor, Vector: minVector}, nil
}

// containerName is the same for every run in one directory.
func containerName(st state) string { return "navigator-pg-" + st.key() }

// containerArgs are the words after "docker". The password travels in the
// environment of the docker command, not on its command line.
func containerArgs(name, img string, port int, settings map[string]string) []string {
	args := []string{"run", "--detach", "--name", name,
		"--publish", fmt.Sprintf("127.0.0.1:%d:5432", port),
		"--volume", name + ":/var/lib/postgresql/data",
		"--shm-size", "512m",
		"--env", "POSTGRES_PASSWORD",
		"--env", "POSTGRES_INITDB_ARGS=--encoding=UTF8 --locale=C.UTF-8 --auth-host=scram-sha-256",
		img, "postgres"}
	all := maps.Clone(defaults)
	maps.Copy(all, settings)
	delete(all, "unix_socket_directories") // the image's own set-up needs its socket
	all["listen_addresses"] = "*"          // inside the container; the host publishes loopback only
	for _, name := range slices.Sorted(maps.Keys(all)) {
		args = append(args, "-c", name+"="+all[name])
	}
	return args
}

// startContainer adopts the running container of this directory, or replaces a
// stopped one; the data is in a volume of the same name.
func startContainer(ctx context.Context, opts Options, st state, bins Binaries) (*Cluster, error) {
	password, err := st.password()
	if err != nil {
		return nil, err
	}
	name := containerName(st)
	c := &Cluster{port: st.port(), password: password, place: "container " + name}
	out, err := run(ctx, "", "docker", "inspect", "--format", "{{.State.Running}}", name)
	if err == nil && strings.TrimSpace(out) == "true" && c.port != 0 {
		c.adopted = true
		return c, awaitLogin(ctx, c)
	}
	if err == nil {
		if _, err := run(ctx, "", "docker", "rm", "--force", name); err != nil {
			return nil, err
		}
	}
	if err := runContainer(ctx, opts, st, bins, c); err != nil {
		return nil, err
	}
	c.stop = func(ctx context.Context) error {
		_, err := stopContainer(ctx, st)
		return err
	}
	return c, awaitLogin(ctx, c)
}

func runContainer(ctx context.Context, opts Options, st state, bins Binaries, c *Cluster) error {
	port, err := (&server{opts: opts, st: st}).choosePort()
	if err != nil {
		return err
	}
	opts.logf("starting a container of %s on 127.0.0.1:%d (pulled when absent)", bins.Image, port)
	cmd := exec.CommandContext(ctx, "docker", containerArgs(containerName(st), bins.Image, port, opts.Settings)...)
	cmd.Env = append(os.Environ(), "POSTGRES_PASSWORD="+c.password)
	if out, err := cmd.CombinedOutput(); err != nil {
		return explainOutput("docker run", st.dir, lastLines(string(out), 3), err)
	}
	c.port = port
	return errors.Join(st.write(filePort, strconv.Itoa(port)), st.write(fileContainer, containerName(st)))
}

// awaitLogin waits until the server lets us in.
func awaitLogin(ctx context.Context, c *Cluster) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.SuperURL())
		if err == nil {
			return conn.Close(ctx)
		}
		if pause(ctx, 200*time.Millisecond) != nil {
			return fmt.Errorf("the PostgreSQL in %s does not let us in; see docker logs: %w", c.place, err)
		}
	}
}

// stopContainer ends the container and waits; its volume stays.
func stopContainer(ctx context.Context, st state) (bool, error) {
	name := containerName(st)
	out, err := run(ctx, "", "docker", "inspect", "--format", "{{.State.Running}}", name)
	if err != nil || strings.TrimSpace(out) != "true" {
		return false, nil
	}
	_, err = run(ctx, "", "docker", "stop", "--time", "60", name)
	return err == nil, err
}
