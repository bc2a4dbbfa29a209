#include "parser/template/default_templates.h"

#include <array>

namespace tocsin::templates {
namespace {

// Blanks and line feeds count: people's rules for mails and chats match these texts.
constexpr std::string_view kMessages = R"tmpl(
{{ define "__alertmanager" }}Alertmanager{{ end }}
{{ define "__alertmanagerURL" }}{{ .ExternalURL }}/#/alerts?receiver={{ urlquery .Receiver }}{{ end }}
{{ define "__description" }}{{ end }}

{{- /* [FIRING:2] what they have in common by grouping (and what else they have in common) */ -}}
{{ define "__subject" -}}
[{{ toUpper .Status }}{{ if eq .Status "firing" }}:{{ len .Alerts.Firing }}{{ end }}]
{{- print " " (join " " .GroupLabels.SortedPairs.Values) " " }}
{{- if gt (len .CommonLabels) (len .GroupLabels) -}}
({{ join " " (.CommonLabels.Remove .GroupLabels.Names).SortedPairs.Values }})
{{- end }}
{{- end }}

{{- define "__common_annotations" }}{{ join " " .CommonAnnotations.SortedPairs.Values }}{{ end }}

{{- /* Of a list of alerts: all labels, all annotations and the source of each. */ -}}
{{ define "__text_alert_list" }}{{ range . -}}
Labels:
{{ template "__text_pairs" .Labels -}}
Annotations:
{{ template "__text_pairs" .Annotations -}}
Source: {{ .GeneratorURL }}
{{ end }}{{ end }}
{{ define "__text_pairs" }}{{ range .SortedPairs }} - {{ .Name }} = {{ .Value }}
{{ end }}{{ end }}

{{- define "__text_alert_list_markdown" }}{{ range . }}
Labels:
{{ template "__markdown_pairs" .Labels }}
Annotations:
{{ template "__markdown_pairs" .Annotations }}
Source: {{ .GeneratorURL }}
{{ end }}
{{ end }}
{{ define "__markdown_pairs" }}{{ range .SortedPairs }}  - {{ .Name }} = {{ .Value }}
{{ end }}{{ end }}

{{- /* The alerts that fire and those that are over, close together. */ -}}
{{ define "__text_alerts" }}
{{ if .Alerts.Firing -}}
Alerts Firing:
{{ template "__text_alert_list" .Alerts.Firing }}
{{- end }}
{{ if .Alerts.Resolved -}}
Alerts Resolved:
{{ template "__text_alert_list" .Alerts.Resolved }}
{{- end }}
{{- end }}

{{- /* The same with blank lines between. */ -}}
{{ define "__text_alerts_spaced" }}
{{ if .Alerts.Firing }}
Alerts Firing:
{{ template "__text_alert_list" .Alerts.Firing }}
{{ end }}
{{ if .Alerts.Resolved }}
Alerts Resolved:
{{ template "__text_alert_list" .Alerts.Resolved }}
{{ end }}
{{ end }}

{{- define "__markdown_alerts" }}
{{ if .Alerts.Firing }}
# Alerts Firing:
{{ template "__text_alert_list_markdown" .Alerts.Firing }}
{{ end }}
{{ if .Alerts.Resolved }}
# Alerts Resolved:
{{ template "__text_alert_list_markdown" .Alerts.Resolved }}
{{ end }}
{{ end }}

{{- define "slack.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "slack.default.username" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "slack.default.fallback" }}{{ template "__subject" . }} | {{ template "__alertmanagerURL" . }}{{ end }}
{{ define "slack.default.callbackid" }}{{ end }}
{{ define "slack.default.pretext" }}{{ end }}
{{ define "slack.default.titlelink" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "slack.default.iconemoji" }}{{ end }}
{{ define "slack.default.iconurl" }}{{ end }}
{{ define "slack.default.text" }}{{ end }}
{{ define "slack.default.footer" }}{{ end }}
{{ define "slack.default.color" }}{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}{{ end }}

{{ define "pagerduty.default.description" }}{{ template "__subject" . }}{{ end }}
{{ define "pagerduty.default.client" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "pagerduty.default.clientURL" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "pagerduty.default.instances" }}{{ template "__text_alert_list" . }}{{ end }}

{{ define "opsgenie.default.message" }}{{ template "__subject" . }}{{ end }}
{{ define "opsgenie.default.description" }}{{ template "__common_annotations" . }}{{ template "__text_alerts" . }}{{ end }}
{{ define "opsgenie.default.source" }}{{ template "__alertmanagerURL" . }}{{ end }}

{{ define "wechat.default.message" }}{{ template "__subject" . }}
{{ template "__common_annotations" . }}{{ template "__text_alerts" . }}
AlertmanagerUrl:
{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "wechat.default.to_user" }}{{ end }}
{{ define "wechat.default.to_party" }}{{ end }}
{{ define "wechat.default.to_tag" }}{{ end }}
{{ define "wechat.default.agent_id" }}{{ end }}

{{ define "victorops.default.state_message" }}{{ template "opsgenie.default.description" . }}{{ end }}
{{ define "victorops.default.entity_display_name" }}{{ template "__subject" . }}{{ end }}
{{ define "victorops.default.monitoring_tool" }}{{ template "__alertmanager" . }}{{ end }}

{{ define "pushover.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "pushover.default.message" }}{{ template "__common_annotations" . }}{{ template "__text_alerts_spaced" . }}{{ end }}
{{ define "pushover.default.url" }}{{ template "__alertmanagerURL" . }}{{ end }}

{{ define "sns.default.subject" }}{{ template "__subject" . }}{{ end }}
{{ define "sns.default.message" }}{{ template "pushover.default.message" . }}{{ end }}

{{ define "telegram.default.message" }}{{ template "__text_alerts_spaced" . }}{{ end }}

{{ define "discord.default.content" }}{{ end }}
{{ define "discord.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "discord.default.message" }}{{ template "__text_alerts_spaced" . }}{{ end }}

{{ define "webex.default.message" }}{{ template "pushover.default.message" . }}{{ end }}

{{ define "msteams.default.summary" }}{{ template "__subject" . }}{{ end }}
{{ define "msteams.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "msteams.default.text" }}{{ template "__markdown_alerts" . }}{{ end }}
{{ define "msteamsv2.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "msteamsv2.default.text" }}{{ template "__markdown_alerts" . }}{{ end }}

{{ define "rocketchat.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "rocketchat.default.alias" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "rocketchat.default.titlelink" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "rocketchat.default.emoji" }}{{ end }}
{{ define "rocketchat.default.iconurl" }}{{ end }}
{{ define "rocketchat.default.text" }}{{ end }}

{{ define "mattermost.default.text" }}{{ template "__markdown_alerts" . }}{{ end }}
{{ define "mattermost.default.username" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "mattermost.default.fallback" }}{{ template "slack.default.fallback" . }}{{ end }}
{{ define "mattermost.default.color" }}{{ template "slack.default.color" . }}{{ end }}
{{ define "mattermost.default.pretext" }}{{ end }}
{{ define "mattermost.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "mattermost.default.titlelink" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "mattermost.default.footer" }}{{ end }}
{{ define "mattermost.default.iconemoji" }}{{ end }}
{{ define "mattermost.default.iconurl" }}{{ end }}

{{ define "jira.default.summary" }}{{ template "__subject" . }}{{ end }}
{{ define "jira.default.description" }}{{ template "__markdown_alerts" . }}{{ end }}

{{- /* The highest severity of what fires; of what is over when nothing does. */ -}}
{{ define "jira.default.priority" -}}
{{- $alerts := .Alerts.Firing -}}
{{- $rank := 0 -}}
{{- range $alerts }}{{ with .Labels.severity }}
    {{- if eq . "critical" }}{{ $rank = 3 }}{{ end }}
    {{- if and (eq . "warning") (lt $rank 2) }}{{ $rank = 2 }}{{ end }}
    {{- if and (eq . "info") (lt $rank 1) }}{{ $rank = 1 }}{{ end }}
{{- end }}{{ end -}}
{{- if eq $rank 0 }}{{ range .Alerts.Resolved }}{{ with .Labels.severity }}
    {{- if eq . "critical" }}{{ $rank = 3 }}{{ end }}
    {{- if and (eq . "warning") (lt $rank 2) }}{{ $rank = 2 }}{{ end }}
    {{- if and (eq . "info") (lt $rank 1) }}{{ $rank = 1 }}{{ end }}
{{- end }}{{ end }}{{ end -}}
{{- if $rank }}{{ index (stringSlice "" "Low" "Medium" "High") $rank }}{{ end -}}
{{- end }}

{{ define "email.default.subject" }}{{ template "__subject" . }}{{ end }}
)tmpl";

// Styles stand in each element since mail programs drop style sheets.
constexpr std::string_view kMail = R"tmpl(
{{ define "email.default.html" -}}
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{ template "__subject" . }}</title>
</head>
<body style="margin: 0; padding: 16px; background-color: #f6f6f6; font-family: Helvetica, Arial, sans-serif; font-size: 14px; line-height: 20px; color: #222222">
<table role="presentation" width="600" align="center" cellpadding="0" cellspacing="0" style="max-width: 600px; width: 100%; margin: 0 auto; background-color: #ffffff; border: 1px solid #e0e0e0">
<tr><td style="padding: 16px; font-size: 16px; font-weight: bold; color: #ffffff; text-align: center; background-color: {{ if .Alerts.Firing }}#e6522c{{ else }}#68b90f{{ end }}">
{{ len .Alerts }} alert{{ if ne (len .Alerts) 1 }}s{{ end }} for{{ range .GroupLabels.SortedPairs }} {{ .Name }}={{ .Value }}{{ end }}
</td></tr>
<tr><td style="padding: 16px; text-align: center">
<a href="{{ template "__alertmanagerURL" . }}" style="display: inline-block; padding: 8px 16px; color: #ffffff; background-color: #348eda; text-decoration: none">View in {{ template "__alertmanager" . }}</a>
</td></tr>
{{- with .Alerts.Firing }}
<tr><td style="padding: 8px 16px; font-weight: bold">[{{ len . }}] Firing</td></tr>
{{- template "__email_alerts" . }}
{{- end }}
{{- with .Alerts.Resolved }}
<tr><td style="padding: 8px 16px; font-weight: bold">[{{ len . }}] Resolved</td></tr>
{{- template "__email_alerts" . }}
{{- end }}
</table>
<p style="margin: 16px; text-align: center; font-size: 12px; color: #888888"><a href="{{ .ExternalURL }}" style="color: #888888">Sent by {{ template "__alertmanager" . }}</a></p>
</body>
</html>
{{ end }}

{{ define "__email_alerts" }}{{ range . }}
<tr><td style="padding: 8px 16px; border-top: 1px solid #e0e0e0">
<strong>Labels</strong><br>
{{ template "__email_pairs" .Labels }}
{{- if .Annotations }}<strong>Annotations</strong><br>
{{ template "__email_pairs" .Annotations }}{{ end }}
{{- with .GeneratorURL }}<a href="{{ . }}" style="color: #348eda">Source</a>{{ end }}
</td></tr>
{{- end }}{{ end }}

{{ define "__email_pairs" }}{{ range .SortedPairs }}{{ .Name }} = {{ .Value }}<br>
{{ end }}{{ end }}
)tmpl";

constexpr std::array<DefaultTemplateFile, 2> kFiles = {{{"default.tmpl", kMessages}, {"email.tmpl", kMail}}};

}  // namespace

std::span<const DefaultTemplateFile> default_template_files() {
    return kFiles;
}

}  // namespace tocsin::templates
