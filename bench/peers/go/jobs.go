// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"gorm.io/gorm"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

const app = "go-peer" // The label of our Jobs.

type seconds time.Duration

func (s seconds) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%.6f", time.Duration(s).Seconds()), nil
}

// What was done, and how long it took: the line on standard output.
type totals struct {
	Jobs    int     `json:"jobs"`
	Rows    int     `json:"rows"`
	Bytes   int     `json:"bytes"`
	Fetch   seconds `json:"fetch_s"`
	Extract seconds `json:"extract_s"`
	Parse   seconds `json:"parse_s"`
	Upsert  seconds `json:"upsert_s"`
}

// Its handlers are called by the informer's one goroutine.
type gatherer struct {
	options
	cluster *kubernetes.Clientset
	db      *gorm.DB
	handled map[types.UID]bool // A Job that has succeeded may change again.
	sum     totals
	done    chan totals
	failed  chan error
}

func newGatherer(o options, cluster *kubernetes.Clientset, db *gorm.DB) *gatherer {
	return &gatherer{
		options: o,
		cluster: cluster,
		db:      db,
		handled: map[types.UID]bool{},
		done:    make(chan totals, 1),
		failed:  make(chan error, 2), // The maker of Jobs, and who reads them.
	}
}

func (g *gatherer) run(ctx context.Context) (totals, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	factory := informers.NewSharedInformerFactoryWithOptions(g.cluster, 0,
		informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = "app=" + app }))
	informer := factory.Batch().V1().Jobs().Informer()
	informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(job any) { g.onJob(ctx, job.(*batchv1.Job)) },
		UpdateFunc: func(_, job any) { g.onJob(ctx, job.(*batchv1.Job)) },
	})
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		return totals{}, fmt.Errorf("watch of Jobs: %w", context.Cause(ctx))
	}

	go g.makeJobs(ctx)
	select {
	case sum := <-g.done:
		return sum, nil
	case err := <-g.failed:
		return totals{}, err
	case <-ctx.Done():
		return totals{}, context.Cause(ctx)
	}
}

func (g *gatherer) fail(err error) {
	select {
	case g.failed <- err:
	default: // The first one ends the program.
	}
}

// --- making Jobs

func (g *gatherer) makeJobs(ctx context.Context) {
	begin := time.Now()
	for i := range g.jobs {
		if g.rate > 0 {
			time.Sleep(time.Until(begin.Add(time.Duration(float64(i) / g.rate * float64(time.Second)))))
		}
		job := g.newJob(i)
		if _, err := g.cluster.BatchV1().Jobs(job.Namespace).Create(ctx, job, metav1.CreateOptions{}); err != nil {
			g.fail(fmt.Errorf("job %s/%s: create: %w", job.Namespace, job.Name, err))
			return
		}
	}
}

func (g *gatherer) newJob(i int) *batchv1.Job {
	once := int32(0)
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Name:        fmt.Sprintf("seed-%d", i),
			Namespace:   g.namespaces[i%len(g.namespaces)],
			Labels:      map[string]string{"app": app},
			Annotations: g.annotations,
		},
		Spec: batchv1.JobSpec{
			BackoffLimit: &once,
			Template: corev1.PodTemplateSpec{
				Spec: corev1.PodSpec{
					RestartPolicy: corev1.RestartPolicyNever,
					Containers:    []corev1.Container{{Name: "krr", Image: g.image}},
				},
			},
		},
	}
}

// --- what becomes of one

func (g *gatherer) onJob(ctx context.Context, job *batchv1.Job) {
	if job.Status.Failed > 0 {
		g.fail(fmt.Errorf("job %s/%s: has failed", job.Namespace, job.Name))
		return
	}
	if job.Status.Succeeded != 1 || g.handled[job.UID] {
		return
	}
	g.handled[job.UID] = true
	if err := g.gather(ctx, job); err != nil {
		g.fail(fmt.Errorf("job %s/%s: %w", job.Namespace, job.Name, err))
		return
	}
	g.sum.Jobs++
	if g.sum.Jobs == g.jobs {
		g.done <- g.sum
	}
}

func (g *gatherer) gather(ctx context.Context, job *batchv1.Job) error {
	log, err := timed(&g.sum.Fetch, func() (string, error) { return g.fetch(ctx, job) })
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	report, _ := timed(&g.sum.Extract, func() (string, error) { return extract(log, g.repaired), nil })
	scans, err := timed(&g.sum.Parse, func() ([]ScanHistory, error) { return parse([]byte(report)) })
	if err != nil {
		return fmt.Errorf("report of %d bytes in a log of %d: %w", len(report), len(log), err)
	}
	_, err = timed(&g.sum.Upsert, func() (any, error) { return nil, upsert(g.db, scans, g.repaired) })
	if err != nil {
		return fmt.Errorf("upsert of %d rows: %w", len(scans), err)
	}
	g.sum.Bytes += len(log)
	g.sum.Rows += len(scans)
	return g.delete(ctx, job)
}

func timed[T any](sum *seconds, work func() (T, error)) (T, error) {
	begin := time.Now()
	defer func() { *sum += seconds(time.Since(begin)) }()
	return work()
}

func (g *gatherer) fetch(ctx context.Context, job *batchv1.Job) (string, error) {
	pods := g.cluster.CoreV1().Pods(job.Namespace)
	list, err := pods.List(ctx, metav1.ListOptions{LabelSelector: "job-name=" + job.Name})
	if err != nil {
		return "", err
	}
	if len(list.Items) == 0 {
		return "", fmt.Errorf("the Job has no Pod")
	}
	stream, err := pods.GetLogs(list.Items[0].Name, &corev1.PodLogOptions{}).Stream(ctx)
	if err != nil {
		return "", err
	}
	defer stream.Close()
	var log bytes.Buffer
	if _, err := io.Copy(&log, stream); err != nil {
		return "", err
	}
	return log.String(), nil
}

func (g *gatherer) delete(ctx context.Context, job *batchv1.Job) error {
	background := metav1.DeletePropagationBackground
	err := g.cluster.BatchV1().Jobs(job.Namespace).Delete(ctx, job.Name,
		metav1.DeleteOptions{PropagationPolicy: &background})
	if err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	return nil
}
