{{- define "chainrule.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "chainrule.labels" -}}
app.kubernetes.io/name: chainrule
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- /* What every pod of this chart has in common: no root, no cluster token, no way to more rights. */ -}}
{{- define "chainrule.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
securityContext:
  runAsUser: 1001
  runAsGroup: 2000
  runAsNonRoot: true
  fsGroup: 2000
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "chainrule.container" -}}
image: {{ include "chainrule.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- /* What a service of the Hub needs to know. Takes (context, name, port). */ -}}
{{- define "chainrule.service" -}}
{{- $top := index . 0 }}{{ $name := index . 1 }}{{ $port := index . 2 -}}
- {name: JUPYTERHUB_SERVICE_NAME, value: {{ $name | quote }}}
- {name: JUPYTERHUB_SERVICE_URL, value: "http://0.0.0.0:{{ $port }}"}
- {name: JUPYTERHUB_SERVICE_PREFIX, value: {{ printf "%sservices/%s/" $top.Values.hub.baseUrl $name | quote }}}
- {name: JUPYTERHUB_BASE_URL, value: {{ $top.Values.hub.baseUrl | quote }}}
- {name: JUPYTERHUB_API_URL, value: {{ $top.Values.hub.api | quote }}}
- name: JUPYTERHUB_API_TOKEN
  valueFrom:
    secretKeyRef: {name: {{ $top.Values.hub.secret }}, key: {{ printf "hub.services.%s.apiToken" $name | quote }}}
{{- end }}

{{- /* Where whoever works in the course finds nbgrader's settings and its exchange. */ -}}
{{- define "chainrule.course-environment" -}}
- {name: JUPYTER_CONFIG_PATH, value: "/srv/jupyter/grader:/srv/jupyter/common"}
- {name: CHAINRULE_EXCHANGE, value: /exchange}
- {name: HOME, value: /tmp}
{{- end }}

{{- /* Egress that everything needs: names. */ -}}
{{- define "chainrule.dns" -}}
- to:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- end }}

{{- define "chainrule.tls" -}}
{{ .Values.grading.tlsSecret | default "chainrule-grading-tls" }}
{{- end }}

{{- /* Dask's settings for encrypted talk only, both ways. */ -}}
{{- define "chainrule.dask-environment" -}}
- {name: DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION, value: "true"}
- {name: DASK_DISTRIBUTED__COMM__TLS__CA_FILE, value: /etc/chainrule/tls/ca.crt}
{{- range $role := list "SCHEDULER" "WORKER" "CLIENT" }}
- {name: DASK_DISTRIBUTED__COMM__TLS__{{ $role }}__CERT, value: /etc/chainrule/tls/tls.crt}
- {name: DASK_DISTRIBUTED__COMM__TLS__{{ $role }}__KEY, value: /etc/chainrule/tls/tls.key}
{{- end }}
{{- end }}
