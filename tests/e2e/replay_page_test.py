#!/usr/bin/env python3
"""The page that `tocsin replay --html` writes, as a person sees it: opened in a real browser, from a file, without a network."""
import re
import unittest

import browser
from harness import EXAMPLE, Story, main, run
from replay_test import TARGET, recorded, text_of

ROUTING = """
route: {receiver: hook, group_by: [alertname], group_wait: 10s, group_interval: 5m, repeat_interval: 4h}
receivers: [{name: hook, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}]
"""


@unittest.skipUnless(browser.is_there(), "Debian's chromium and chromium-driver are not there")
class ReplayPage(Story):
    @classmethod
    def setUpClass(cls):
        cls.browser = browser.Browser()
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        super().setUp()
        self.browser.resize(1280, 900)
        self.browser.prefer("light")
        self.browser.console()

    def replay(self, lines, rules=EXAMPLE / "alerts.yml", routing=EXAMPLE / "alertmanager.yml", name="page.html"):
        """The page about these lines of a fixture."""
        fixture, page = self.write("outage.om", text_of(lines)), self.folder / name
        flags = [f"--alertmanager.config={routing}"] if routing else []
        status, said, talk = run("replay", f"--fixture={fixture}", f"--rules={rules}", f"--html={page}", *flags)
        self.assertEqual((status, said), (0, ""), talk)
        return page

    def open(self, page):
        self.browser.open(page)
        self.addCleanup(lambda: self.assertEqual(self.browser.console(), [], "the console is empty"))

    def texts(self, selector):
        return self.browser.run("return [...document.querySelectorAll(arguments[0])].map(e => e.textContent.trim())", selector)

    def text(self, selector):
        found = self.texts(selector)
        self.assertEqual(len(found), 1, selector)
        return found[0]

    def box(self, selector):
        """x, y, width and height on the screen."""
        return self.browser.run("const b = document.querySelector(arguments[0]).getBoundingClientRect();"
                                "return [b.x, b.y, b.width, b.height]", selector)

    def is_visible(self, selector):
        return self.browser.run("const e = document.querySelector(arguments[0]);"
                                "return e.checkVisibility() && e.getBoundingClientRect().height > 0", selector)

    def test_what_a_person_sees(self):
        self.open(self.replay(recorded()))
        self.assertEqual(self.text("h1"), "outage.om")
        self.assertIn("1 Mar 2026, 10:00:00 – 10:30:00 UTC, 30m", self.text(".window"))
        self.assertEqual(self.texts(".figures li"), ["2 notifications", "1 receiver told", "1 alert fired", "1 of 5 alerting rules fired"])
        self.assertEqual(self.texts(".rule h3"), ["DatabasePoolExhausted"])
        self.assertEqual(self.text(".rule .verdict"), "fired once, 6m")
        self.assertEqual(self.texts("details.quiet summary b"), ["HighErrorRate", "HighLatency", "RedisDown", "HighMemoryUsage"])
        # One lane: pending from 10:02, firing from 10:04 to 10:10 of a window of 30 minutes.
        x, _, width, _ = self.box(".rule .lane")
        for kind, begin, end in (("pending", 2, 4), ("firing", 4, 10)):
            left, _, wide, high = self.box(f".rule .lane .{kind}")
            self.assertAlmostEqual(left, x + width * begin / 30, delta=2, msg=kind)
            self.assertAlmostEqual(wide, width * (end - begin) / 30, delta=3, msg=kind)
            self.assertGreater(high, 4)
        # The value goes below its threshold, and the side of the alert is below.
        _, threshold, _, _ = self.box(".rule .threshold")
        _, top, _, high = self.box(".rule .curve")
        self.assertLess(top, threshold)
        self.assertGreater(top + high, threshold)
        _, zone, _, _ = self.box(".rule .zone")
        self.assertAlmostEqual(zone, threshold, delta=2)
        self.assertEqual(self.text(".rule .limit"), "< 5")
        # The marks: told at 10:04:10 and 10:10:10.
        self.assertEqual(self.browser.run("return [...document.querySelectorAll('.rule a.told')].map(e => e.dataset.status)"), ["firing", "resolved"])
        left, _, wide, _ = self.box(".rule a.told .mark")
        self.assertAlmostEqual(left + wide / 2, x + width * 250 / 1800, delta=2)

    def test_the_table_has_every_notification_and_its_message(self):
        self.open(self.replay(recorded()))
        self.assertEqual(self.texts("thead th"), ["Time", "Receiver", "Status", "About", "Message"])
        rows = self.browser.run("return [...document.querySelectorAll('tbody tr')].map(r => [...r.cells].slice(0, 3).map(c => c.textContent.trim()))")
        self.assertEqual(rows, [["10:04:10", "pagerdutypagerduty[0]", "firing"], ["10:10:10", "pagerdutypagerduty[0]", "resolved"]])
        message = self.text("#n1 pre")
        self.assertIn('"description": "[FIRING:1] DatabasePoolExhausted critical (localhost:8088 ironforge idle)"', message)
        self.assertIn('"service_key": "<secret>"', message)
        self.assertFalse(self.is_visible("#n1 pre"), "folded at first")
        self.browser.click("#n1 summary")
        self.assertTrue(self.is_visible("#n1 pre"))

    def test_a_mark_shows_its_message_to_mouse_and_keyboard(self):
        self.open(self.replay(recorded()))
        self.assertFalse(self.is_visible("#card"))
        self.browser.point_at(".rule a.told .mark")
        self.assertTrue(self.is_visible("#card"))
        self.assertIn("10:04:10", self.text("#card h4"))
        self.assertIn('"event_type": "trigger"', self.text("#card pre"))
        self.assertTrue(self.is_visible("#cross"), "a line at the pointer")
        self.assertRegex(self.text("#moment"), r"^2026-03-01 10:04:\d\d UTC$")
        self.browser.point_at("h1")
        self.assertFalse(self.is_visible("#card"))
        # By keyboard: the first mark, what it says, and to its row.
        self.browser.run("document.querySelector('.rule .expr').focus()")
        self.browser.press("Tab")
        self.assertEqual(self.browser.run("return document.activeElement.getAttribute('aria-label')"),
                         '10:04:10 pagerduty firing {alertname="DatabasePoolExhausted", severity="critical"}')
        self.assertTrue(self.is_visible("#card"))
        self.browser.resize(1280, 300)
        self.browser.point_at("h1")  # the page scrolls, and the card of what has the focus goes along
        self.assertTrue(self.is_visible("#card"))
        self.browser.press("Escape")
        self.assertFalse(self.is_visible("#card"))
        self.browser.click(".rule a.told[data-status=resolved] .mark")
        self.assertEqual(self.browser.run("return [location.hash, document.activeElement.id]"), ["#n2", "n2"])
        self.assertTrue(self.is_visible("#n2 pre"))

    def test_what_assistive_technology_is_told(self):
        self.open(self.replay(recorded()))
        told = self.browser.accessible()
        for role, name in (("heading", "At a glance"), ("table", "Notifications"), ("columnheader", "Receiver"), ("main", ""),
                           ("image", "the value went from 2 to 16; the alert is < 5"),
                           ("image", 'instance="localhost:8088" job="ironforge" state="idle": pending 10:02:00 to 10:04:00, '
                                     "firing 10:04:00 to 10:10:00"),
                           ("link", '10:10:10 pagerduty resolved {alertname="DatabasePoolExhausted", severity="critical"}')):
            self.assertIn((role, name), told)

    def test_light_and_dark_wide_and_narrow(self):
        self.open(self.replay(recorded()))
        colours = []
        for scheme in ("light", "dark"):
            self.browser.prefer(scheme)
            colours.append(self.browser.run("const s = getComputedStyle(document.body); return [s.backgroundColor, s.color]"))
        darkness = [[sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in pair] for pair in colours]
        self.assertGreater(darkness[0][0], darkness[0][1] + 400, "dark on light")
        self.assertGreater(darkness[1][1], darkness[1][0] + 400, "light on dark")
        for width in (340, 768, 1280, 2200):
            self.browser.resize(width, 900)
            self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), width, "nothing sticks out")
            self.assertGreater(self.box(".rule .lane")[2], width * 0.5 if width < 800 else 400)

    def test_text_of_others_stays_text_and_nothing_else_may_be_loaded(self):
        evil = '<script>document.title=\'got\'</script><img src=x onerror=\\"document.title=\'got\'\\">'
        rules = self.write("evil.yml", "groups:\n- name: '<b>g</b>'\n  rules:\n  - alert: '</title><script>alert(1)</script>'\n"
                                       "    expr: 'evil{a!=\"</code><script>\"} > 1'\n    labels: {l: '\"><script>alert(2)</script>'}\n"
                                       "    annotations: {summary: '{{ $labels.bad }}'}\n")
        lines = [line for t in range(0, 600, 15) for line in (f"up{{{TARGET}}} 1 {1772359200 + t}", f'evil{{{TARGET},bad="{evil}"}} 2 {1772359200 + t}')]
        page = self.replay(lines, rules, self.write("am.yml", ROUTING))
        self.open(page)
        self.assertEqual(self.browser.run("return document.title"), "Replay of outage.om")
        self.assertEqual(self.texts(".rule h3"), ["</title><script>alert(1)</script>"])
        self.assertEqual(self.browser.run("return [document.scripts.length, document.images.length]"), [1, 0])
        self.assertIn("<img src=x onerror=", self.text(".rule .row .labels"))
        self.assertIn("<script>document.title='got'</script>", self.text("#n1 .alerts"))
        text = page.read_text(encoding="utf-8")
        self.assertEqual(re.findall(r'(?:src|href)="(?!#)[^"]*"|url\(|@import', text), [])
        self.assertNotIn(" style=", text)
        # The policy stands: what would be put into the page is refused.
        refused = self.browser.run("const s = document.createElement('script'); s.textContent = 'window.got = 1'; document.body.append(s);"
                                   "return window.got === undefined")
        self.assertTrue(refused)
        self.assertTrue(any("Content Security Policy" in line for line in self.browser.console()))

    def test_nobody_told_and_nothing_pending(self):
        self.open(self.replay(recorded(dry=())))
        self.assertEqual(self.texts(".empty"), ["Nobody was told anything.", "No alert was ever pending or firing."])
        self.assertEqual(self.texts(".rule"), [])
        self.assertEqual(self.texts("table"), [])
        self.assertIn("lowest 16, the alert is < 5", self.texts("details.quiet summary .sum"))
        self.assertFalse(self.is_visible("details.quiet .values"))
        self.browser.click("details.quiet:has(.curve) summary")
        self.assertTrue(self.is_visible("details.quiet .values"))
        self.open(self.replay(recorded(), routing=None, name="untold.html"))
        self.assertEqual(self.texts(".empty"), ["Nobody is told: there was no routing."])
        self.assertEqual(self.texts(".rule h3"), ["DatabasePoolExhausted"])

    def test_hundreds_of_alerts_over_a_week(self):
        rules = self.write("busy.yml", "groups: [{name: g, interval: 5m, rules: [{alert: Busy, expr: 'busy > 10'}]}]")
        lines = []
        for k in range(0, 7 * 24 * 12 + 1):
            at = 1772359200 + 300 * k
            lines.append(f"up{{{TARGET}}} 1 {at}")
            lines += [f'busy{{{TARGET},n="{n:03}"}} {20 if k % 97 < 3 or (n == 7 and k % 2) else n / 50} {at}' for n in range(300)]
        page = self.replay(lines, rules, self.write("am.yml", ROUTING))
        self.assertLess(page.stat().st_size, 4_000_000)
        self.open(page)
        self.assertEqual(len(self.texts(".rule .lane")), 40)
        self.assertEqual(self.text(".rule .left"), "… 260 more alerts of this rule are not drawn, 260 of which fired.")
        self.assertEqual(len(self.texts(".rule .curve")), 6)
        self.assertIn("from the lowest to the highest of 300 series", self.text(".rule .name:has(.curve-name)"))
        self.assertTrue(any("drawn in steps of" in text for text in self.texts(".rule .name .sum")), "the one that changes all the time")
        self.assertIn("… 280 more", self.texts("#n1 .left"))
        again = self.replay(lines, rules, self.folder / "am.yml", "again.html")
        self.assertEqual(page.read_bytes(), again.read_bytes())


class PageFile(Story):
    def test_where_it_cannot_be_written(self):
        fixture = self.write("outage.om", text_of(recorded()))
        status, said, talk = run("replay", f"--fixture={fixture}", f"--rules={EXAMPLE / 'alerts.yml'}", f"--html={self.folder / 'none' / 'x.html'}")
        self.assertEqual((status, said), (3, ""))
        self.assertIn("none/x.html", talk)


if __name__ == "__main__":
    main()
