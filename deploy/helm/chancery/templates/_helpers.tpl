{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}

{{- define "chancery.name" -}}
{{- if contains "chancery" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}{{ printf "%s-chancery" (.Release.Name | trunc 41 | trimSuffix "-") }}
{{- end }}
{{- end }}

{{- define "chancery.selector" -}}
app.kubernetes.io/name: chancery
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "chancery.labels" -}}
{{ include "chancery.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "chancery.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}
{{- end }}

{{- define "chancery.conninfo" -}}
{{ . }} sslrootcert=/run/chancery/ca.crt passfile=/run/chancery/pgpass
{{- end }}

{{- define "chancery.config" -}}
{{- $limits := .Values.config.limits | default dict }}
{{- if or (hasKey $limits "drain_ms") (hasKey $limits "drainMs") }}
{{- fail "config.limits.drain_ms: set drainSeconds instead, by which the pod's own time to end goes too" }}
{{- end }}
{{- $tls := dict "certificate_file" "/run/chancery/tls.crt" "key_file" "/run/chancery/tls.key" }}
{{- $base := dict
    "listeners" (list
        (dict "address" (printf "%s:8443" .Values.listenAddress) "tls" $tls)
        (dict "address" (printf "%s:9464" .Values.listenAddress) "tls" $tls "metrics_only" true))
    "database" (dict "conninfo" (include "chancery.conninfo" .Values.database.conninfo))
    "root_key" (dict "file" "/run/chancery/root.key")
    "authority_url" .Values.authorityUrl
    "workers" (int .Values.workers)
    "limits" (dict "drain_ms" (mul 1000 (int .Values.drainSeconds))) }}
{{- mergeOverwrite $base (deepCopy .Values.config) | toYaml }}
{{- end }}

{{- /* The port of a collector of OpenTelemetry, by its address. */ -}}
{{- define "chancery.telemetryPort" -}}
{{- $origin := regexFind "^[a-z]+://[^/]+" . }}
{{- regexFind ":[0-9]+$" $origin | trimPrefix ":" | default "443" }}
{{- end }}

{{- /* The restricted profile of Pod Security Standards, with a root that can't be written to. */ -}}
{{- define "chancery.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "chancery.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- /* Keys must be files, and not symbolic links, that their owner alone may read. Kubernetes mounts secrets as symbolic links to files of
root's that a group may read, so they are copied, into memory. Called with the root, the image and a list of [secret, key, name]. */ -}}
{{- define "chancery.keys.container" -}}
name: keys
image: {{ include "chancery.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
command:
  - /usr/bin/install
  - --mode=0400
  - --target-directory=/run/chancery
{{- range .files }}
  - /secrets/{{ index . 2 }}
{{- end }}
securityContext:
  {{- include "chancery.containerSecurity" . | nindent 2 }}
resources:
  requests: {cpu: 10m, memory: 16Mi}
  limits: {memory: 32Mi}
volumeMounts:
  - {name: secrets, mountPath: /secrets, readOnly: true}
  - {name: keys, mountPath: /run/chancery}
{{- end }}

{{- define "chancery.keys.volumes" -}}
- name: keys
  emptyDir: {medium: Memory, sizeLimit: 1Mi}
- name: secrets
  projected:
    defaultMode: 0400
    sources:
    {{- range .files }}
      - secret:
          name: {{ index . 0 }}
          items: [{key: {{ index . 1 }}, path: {{ index . 2 }}}]
    {{- end }}
{{- end }}
