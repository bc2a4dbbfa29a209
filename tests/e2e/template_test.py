#!/usr/bin/env python3
"""What a person sees who works on templates: the messages of a receiver before they are sent, and mistakes with their place."""
import json

from harness import Story, main, run

ROUTING = """templates: ['*.tmpl']
route: {receiver: team}
receivers:
  - name: team
    webhook_configs:
      - url: http://127.0.0.1:1/S3CRET
    slack_configs:
      - api_url: http://127.0.0.1:1/S3CRET
        channel: '#alerts'
        title: '{{ template "mine" . }}'
    pagerduty_configs:
      - routing_key: S3CRET
"""
TEMPLATES = '{{ define "mine" }}{{ .Status | toUpper }} since {{ (index .Alerts 0).StartsAt.Format "15:04" }}{{ end }}'
ALERTS = {"receiver": "team", "status": "firing", "groupLabels": {"alertname": "Down"},
          "alerts": [{"status": "firing", "labels": {"alertname": "Down", "host": "a<b"}, "startsAt": "2026-03-01T10:00:00Z"}]}


class Render(Story):
    def setUp(self):
        super().setUp()
        self.write("alertmanager.yml", ROUTING)
        self.write("mine.tmpl", TEMPLATES)
        self.write("alerts.json", json.dumps(ALERTS))

    def render(self, *flags):
        return run("template", "render", *flags, cwd=self.folder)

    def test_the_finished_requests_of_a_receiver(self):
        status, said, errors = self.render("--config.file=alertmanager.yml", "--receiver=team", "--data=alerts.json")
        self.assertEqual((status, errors), (0, ""))
        self.assertNotIn("S3CRET", said)
        requests = {}
        for part in said.split("\n\n"):
            if part.startswith("{"):
                requests[head.split("\n")[0]] = json.loads(part)
            head = part
        self.assertEqual(list(requests), ["pagerduty[0]", "slack[0]", "webhook[0]"])
        self.assertEqual(requests["slack[0]"]["attachments"][0]["title"], "FIRING since 10:00")
        self.assertEqual(requests["webhook[0]"]["alerts"][0]["labels"]["host"], "a<b")
        self.assertEqual(requests["pagerduty[0]"]["routing_key"], "<secret>")
        self.assertIn("POST <secret>", said)

    def test_secrets_are_shown_to_who_asks_for_them(self):
        _, said, _ = self.render("--config.file=alertmanager.yml", "--receiver=team", "--show-secrets")
        self.assertIn("POST http://127.0.0.1:1/S3CRET", said)

    def test_one_field(self):
        flags = ("--config.file=alertmanager.yml", "--receiver=team")
        self.assertEqual(self.render(*flags, "--field=slack_configs[0].title", "--data=alerts.json")[:2], (0, "FIRING since 10:00"))
        self.assertEqual(self.render(*flags, "--field=slack_configs.title", "--now=2026-03-01T12:12:00Z")[:2], (0, "FIRING since 12:00"))
        self.assertEqual(self.render(*flags, "--field=webhook_configs.url")[:2], (0, "<secret>"))
        status, _, errors = self.render(*flags, "--field=slack_configs.titel")
        self.assertEqual(status, 1)
        self.assertIn('field "slack_configs.titel" is not given and has no default template', errors)

    def test_a_text_as_amtool_renders_it(self):
        flags = ("--template.glob=*.tmpl", "--template.data=alerts.json")
        self.assertEqual(self.render(*flags, '--template.text={{ template "mine" . }}'), (0, "FIRING since 10:00", ""))
        page = '--template.text=<a title="{{ (index .Alerts 0).Labels.host }}">'
        self.assertEqual(self.render(*flags, "--template.type=html", page), (0, '<a title="a&lt;b">', ""))
        status, _, errors = self.render(*flags, "--template.text={{ .Nope }}")
        self.assertEqual(status, 1)
        self.assertIn("template: :1:3: executing \"\" at <.Nope>: can't evaluate field Nope in type *template.Data", errors)

    def test_wrong_usage(self):
        self.assertEqual(self.render()[0], 2)
        self.assertEqual(self.render("--receiver=team")[0], 2)
        self.assertEqual(self.render("--template.text=x", "--data=missing.json")[0], 3)
        status, _, errors = self.render("--config.file=alertmanager.yml", "--receiver=nobody")
        self.assertEqual((status, errors), (1, 'tocsin template: alertmanager.yml has no receiver "nobody"\n'))
        self.write("bad.json", '{"alerts": [{"labels": 1}]}')
        status, _, errors = self.render("--template.text=x", "--data=bad.json")
        self.assertEqual((status, errors), (1, "tocsin template: bad.json: alerts[0].labels: expected an object of texts\n"))


class Check(Story):
    def test_mistakes_are_told_with_their_place(self):
        self.write("rules.yml", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: sum by (job) (up) == 0\n    annotations:\n"
                                "      summary: |\n        line one\n        {{ $labels.pod }} {{ .Valeu }}\n")
        status, _, errors = run("check", "rules", "rules.yml", cwd=self.folder)
        self.assertEqual(status, 0)
        self.assertIn('rules.yml:9:19: warning: annotation "summary" of A: the expression can never give the label "pod"; '
                      "it gives only job\n", errors)
        self.assertRegex(errors, r"rules\.yml:9:30: warning: .*can't evaluate field Valeu")
        self.write("rules.yml", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n    annotations: {s: '{{ nofunc }}'}\n")
        status, _, errors = run("check", "rules", "rules.yml", cwd=self.folder)
        self.assertEqual(status, 1)
        self.assertIn('rules.yml:6:26: annotation "s": template: __alert_A:1: function "nofunc" not defined', errors)


if __name__ == "__main__":
    main()
