// SPDX-License-Identifier: Apache-2.0

// Reads manifests as Kubernetes does, from standard input or of a kustomization: unknown fields and wrong types are refused, and
// pods must keep the restricted profile of Pod Security Standards. Prints one line for each object.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
)

func podOf(object runtime.Object) *core.PodTemplateSpec {
	switch o := object.(type) {
	case *apps.Deployment:
		return &o.Spec.Template
	case *batch.Job:
		return &o.Spec.Template
	}
	return nil
}

func checkProfile(evaluator policy.Evaluator, pod *core.PodTemplateSpec) error {
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, result := range evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec) {
		if !result.Allowed {
			return fmt.Errorf("restricted profile: %s: %s", result.ForbiddenReason, result.ForbiddenDetail)
		}
	}
	return nil
}

func check(decoder runtime.Decoder, evaluator policy.Evaluator, text []byte) error {
	object, kind, err := decoder.Decode(text, nil, nil)
	if runtime.IsNotRegisteredError(err) {
		var other unstructured.Unstructured
		if err := yaml.Unmarshal(text, &other.Object); err != nil {
			return err
		}
		fmt.Printf("%s %s (of an extension, not looked into)\n", other.GetKind(), other.GetName())
		return nil
	}
	if err != nil {
		return err
	}
	name := object.(interface{ GetName() string }).GetName()
	if pod := podOf(object); pod != nil {
		if err := checkProfile(evaluator, pod); err != nil {
			return fmt.Errorf("%s %s: %w", kind.Kind, name, err)
		}
	}
	fmt.Printf("%s %s\n", kind.Kind, name)
	return nil
}

func manifests() ([]byte, error) {
	if len(os.Args) == 1 {
		return io.ReadAll(os.Stdin)
	}
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), os.Args[1])
	if err != nil {
		return nil, err
	}
	return made.AsYaml()
}

func run() error {
	text, err := manifests()
	if err != nil {
		return err
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return err
	}
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(document)) == 0 {
			continue
		}
		if err := check(decoder, evaluator, document); err != nil {
			return err
		}
	}
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
