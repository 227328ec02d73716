// SPDX-License-Identifier: MIT

// The program that kubeglean replaces, written anew: it makes Jobs, waits for
// each to succeed, reads its log as a whole, cuts the KRR report out of it,
// stores the rows and deletes the Job. With -repaired its two worst faults are
// mended. It ends when all its Jobs are stored and deleted.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

type options struct {
	kubeconfig  string
	database    string
	image       string
	namespaces  []string
	jobs        int
	rate        float64
	repaired    bool
	annotations map[string]string
	qps         float64
	burst       int
}

func parseOptions() (options, error) {
	var o options
	var namespaces, annotations string

	flag.StringVar(&o.kubeconfig, "kubeconfig", "", "`file` that says where the cluster is")
	flag.StringVar(&o.database, "database", "", "PostgreSQL's `URL`, or key=value words")
	flag.StringVar(&o.image, "image", "busybox", "`image` of the Jobs")
	flag.StringVar(&namespaces, "namespaces", "default", "`names`, with commas; the Jobs are spread over them")
	flag.IntVar(&o.jobs, "jobs", 1, "Jobs in all")
	flag.Float64Var(&o.rate, "rate", 0, "Jobs to make each second; 0: all at once")
	flag.BoolVar(&o.repaired, "repaired", false, "scan in linear time, insert in batches of 1000")
	flag.StringVar(&annotations, "annotations", "", "`key=value,...` of each Job")
	flag.Float64Var(&o.qps, "qps", -1, "requests each second that client-go allows; -1: any number")
	flag.IntVar(&o.burst, "burst", 10, "requests that client-go allows above -qps")
	flag.Parse()

	if flag.NArg() > 0 || o.kubeconfig == "" || o.database == "" || o.jobs < 1 {
		return o, fmt.Errorf("-kubeconfig and -database are needed, at least one Job, and nothing else; see -help")
	}
	o.namespaces = strings.Split(namespaces, ",")
	o.annotations = map[string]string{}
	for _, pair := range strings.FieldsFunc(annotations, func(r rune) bool { return r == ',' }) {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			return o, fmt.Errorf("-annotations: %q is not key=value", pair)
		}
		o.annotations[key] = value
	}
	return o, nil
}

func connectCluster(o options) (*kubernetes.Clientset, error) {
	config, err := clientcmd.BuildConfigFromFlags("", o.kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS = float32(o.qps)
	config.Burst = o.burst
	config.ContentType = runtime.ContentTypeJSON // The simulated server has no protobuf.
	return kubernetes.NewForConfig(config)
}

func connectDatabase(o options) (*gorm.DB, error) {
	db, err := gorm.Open(postgres.Open(o.database), &gorm.Config{
		Logger: logger.Default.LogMode(logger.Silent), // It writes to standard output.
	})
	if err != nil {
		return nil, err
	}
	return db, db.AutoMigrate(&ScanHistory{})
}

func run(ctx context.Context, o options) (totals, error) {
	cluster, err := connectCluster(o)
	if err != nil {
		return totals{}, fmt.Errorf("cluster: %w", err)
	}
	db, err := connectDatabase(o)
	if err != nil {
		return totals{}, fmt.Errorf("database: %w", err)
	}
	return newGatherer(o, cluster, db).run(ctx)
}

func main() {
	o, err := parseOptions()
	if err != nil {
		fmt.Fprintln(os.Stderr, "go-peer:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	sum, err := run(ctx, o)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(sum)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "go-peer:", err)
		os.Exit(1)
	}
}
