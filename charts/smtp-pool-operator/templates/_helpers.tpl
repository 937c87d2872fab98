{{- define "smtppool.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Selector labels: these never change for a release. Call with (dict "root" $ "component" "operator"). */}}
{{- define "smtppool.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "smtppool.labels" -}}
{{ include "smtppool.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Reference of an image. Call with (dict "root" $ "image" .Values.image). */}}
{{- define "smtppool.image" -}}
{{ .image.repository }}:{{ .image.tag | default .root.Chart.AppVersion }}
{{- end -}}

{{- define "smtppool.pullSecrets" -}}
{{- with .Values.imagePullSecrets -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* Pod and container of Pod Security level restricted. */}}
{{- define "smtppool.restrictedPod" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "smtppool.restrictedContainer" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Annotations of the clean-up hooks. Call with (dict "events" "pre-delete" "weight" "0"). */}}
{{- define "smtppool.hook" -}}
helm.sh/hook: {{ .events }}
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{/* One clean-up job. Call with (dict "root" $ "event" "pre-delete" "arguments" (list ...)). */}}
{{- define "smtppool.cleanupJob" -}}
{{- $labels := dict "root" .root "component" "cleanup" -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "smtppool.fullname" .root }}-{{ .event }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "smtppool.labels" $labels | nindent 4 }}
  annotations:
    {{- include "smtppool.hook" (dict "events" .event "weight" "0") | nindent 4 }}
    helm.sh/hook-output-log-policy: hook-failed
spec:
  backoffLimit: 0
  activeDeadlineSeconds: {{ add .root.Values.cleanup.timeoutSeconds 60 }}
  template:
    metadata:
      labels:
        {{- include "smtppool.labels" $labels | nindent 8 }}
    spec:
      restartPolicy: Never
      serviceAccountName: {{ include "smtppool.fullname" .root }}-cleanup
      {{- with include "smtppool.pullSecrets" .root }}
      {{- . | nindent 6 }}
      {{- end }}
      securityContext:
        {{- include "smtppool.restrictedPod" .root | nindent 8 }}
      containers:
        - name: cleanup
          image: {{ include "smtppool.image" (dict "root" .root "image" .root.Values.image) }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          command: [python3, -m, smtppool.cli, cleanup]
          args:
            {{- toYaml .arguments | nindent 12 }}
            - --timeout={{ .root.Values.cleanup.timeoutSeconds }}
          securityContext:
            {{- include "smtppool.restrictedContainer" .root | nindent 12 }}
          resources:
            requests: {cpu: 10m, memory: 64Mi}
            limits: {memory: 256Mi}
          volumeMounts:
            - name: tmp
              mountPath: /tmp
      volumes:
        - name: tmp
          emptyDir: {sizeLimit: 16Mi}
{{- end -}}
