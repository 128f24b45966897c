// etcd_load puts keys into an etcd cluster over etcd's own client: the counterpart of
// `kvctl bench put`. All its connections go to the leader, as those of kvctl do: a write that a
// follower has to pass on costs etcd more. It prints one JSON object: ops, errors, ops_per_s, p50_us, p99_us, client_cpu_ns_per_op.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.etcd.io/etcd/clientv3"
)

type result struct {
	OpsPerS    float64 `json:"ops_per_s"`
	P50        float64 `json:"p50_us"`
	P99        float64 `json:"p99_us"`
	CPUPerOp   float64 `json:"client_cpu_ns_per_op"`
	Operations int     `json:"ops"`
	Errors     int     `json:"errors"`
}

func cpuMicroseconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return float64(usage.Utime.Sec+usage.Stime.Sec)*1e6 + float64(usage.Utime.Usec+usage.Stime.Usec)
}

func put(client *clientv3.Client, value string, keys, worker int, until time.Time) ([]float64, int) {
	var took []float64
	errors := 0
	sequence := uint64(worker)*2654435761 + 1
	for time.Now().Before(until) {
		sequence = sequence*6364136223846793005 + 1442695040888963407
		key := fmt.Sprintf("bench-%010d", (sequence>>33)%uint64(keys))
		start := time.Now()
		if _, err := client.Put(context.Background(), key, value); err != nil {
			errors++
			continue
		}
		took = append(took, float64(time.Since(start).Nanoseconds())/1e3)
	}
	return took, errors
}

// leaderOf returns the endpoint of the cluster's leader.
func leaderOf(endpoints []string) (string, error) {
	client, err := clientv3.New(clientv3.Config{Endpoints: endpoints, DialTimeout: 5 * time.Second})
	if err != nil {
		return "", err
	}
	defer client.Close()
	for _, endpoint := range endpoints {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		status, err := client.Status(ctx, endpoint)
		cancel()
		if err == nil && status.Leader == status.Header.MemberId {
			return endpoint, nil
		}
	}
	return "", fmt.Errorf("no endpoint leads")
}

func main() {
	endpoints := flag.String("endpoints", "127.0.0.1:2379", "of the cluster, separated by commas")
	clients := flag.Int("clients", 16, "connections")
	outstanding := flag.Int("outstanding", 64, "requests in flight over all connections")
	valueSize := flag.Int("value-size", 256, "bytes of a value")
	keys := flag.Int("keys", 100000, "different keys")
	seconds := flag.Float64("seconds", 5, "of load")
	flag.Parse()
	if *clients > *outstanding {
		*clients = *outstanding
	}

	leader, err := leaderOf(strings.Split(*endpoints, ","))
	if err != nil {
		fmt.Fprintln(os.Stderr, "etcd_load:", err)
		os.Exit(1)
	}
	connections := make([]*clientv3.Client, *clients)
	for i := range connections {
		client, err := clientv3.New(clientv3.Config{
			Endpoints:   []string{leader},
			DialTimeout: 5 * time.Second,
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, "etcd_load:", err)
			os.Exit(1)
		}
		defer client.Close()
		connections[i] = client
	}

	value := strings.Repeat("v", *valueSize)
	var lock sync.Mutex
	var all []float64
	var total result
	var workers sync.WaitGroup
	cpu := cpuMicroseconds()
	start := time.Now()
	until := start.Add(time.Duration(*seconds * float64(time.Second)))
	for worker := 0; worker < *outstanding; worker++ {
		workers.Add(1)
		go func(worker int) {
			defer workers.Done()
			took, errors := put(connections[worker%*clients], value, *keys, worker, until)
			lock.Lock()
			all = append(all, took...)
			total.Errors += errors
			lock.Unlock()
		}(worker)
	}
	workers.Wait()
	elapsed := time.Since(start).Seconds()
	if len(all) == 0 {
		fmt.Fprintln(os.Stderr, "etcd_load: no put succeeded")
		os.Exit(1)
	}
	sort.Float64s(all)
	total.Operations = len(all)
	total.OpsPerS = float64(len(all)) / elapsed
	total.P50 = all[len(all)/2]
	total.P99 = all[len(all)*99/100]
	total.CPUPerOp = (cpuMicroseconds() - cpu) * 1e3 / float64(len(all))
	if err := json.NewEncoder(os.Stdout).Encode(total); err != nil {
		os.Exit(1)
	}
}
