"""Compare, diagnose, give points: a sheet and a student's answers in, a report out. NumPy only."""

import html
import os
from dataclasses import dataclass, field

from .compare import agree, difference, summary


@dataclass
class CaseReport:
    """What one case gave, in words."""

    name: str
    points: float
    max_points: float
    message: str = ""
    inputs: str = ""
    mistake: str = ""
    hint: str = ""

    @property
    def passed(self):
        return self.points == self.max_points


@dataclass
class Report:
    """What a piece is worth, case by case. Prints as text, shows as HTML in a notebook."""

    name: str
    cases: list[CaseReport] = field(default_factory=list)

    @property
    def points(self):
        return float(sum(case.points for case in self.cases))

    @property
    def max_points(self):
        return float(sum(case.max_points for case in self.cases))

    @property
    def passed(self):
        return all(case.passed for case in self.cases)

    @property
    def mistakes(self):
        """The known mistakes that were recognised, each once."""
        return list(dict.fromkeys(case.mistake for case in self.cases if case.mistake))

    def to_dict(self):
        return {"name": self.name, "points": self.points, "max_points": self.max_points,
                "passed": self.passed,
                "cases": [vars(case) | {"passed": case.passed} for case in self.cases]}

    @classmethod
    def from_dict(cls, data):
        cases = [{k: v for k, v in case.items() if k != "passed"} for case in data["cases"]]
        return cls(data["name"], [CaseReport(**case) for case in cases])

    def __str__(self):
        lines = [f"{self.name}: {self.points:g} of {self.max_points:g} points"]
        for case in self._shown():
            if case.passed:
                lines.append(f"pass  {case.name}" + (f" ({case.message})" if case.message else ""))
                continue
            lines.append(f"FAIL  {case.name}: {case.message}")
            for label, text in _details(case):
                lines.append(f"      {label}: {text}")
        return "\n".join(lines)

    def _shown(self):
        """Return the cases to show; if all fail with one message, one in the place of all."""
        messages = {case.message for case in self.cases if not case.passed}
        if len(messages) > 1 or len(self.cases) < 2 or any(case.passed for case in self.cases):
            return self.cases
        return [CaseReport(f"all {len(self.cases)} cases", 0.0, self.max_points, *messages)]

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None):
        """Show HTML; for nbgrader, whose grade is the text of a cell's value, say the points."""
        text = f"{self.points:.1f}" if "NBGRADER_EXECUTION" in os.environ else str(self)
        return {"text/plain": text, "text/html": self._repr_html_()}

    def _repr_html_(self):
        rows = []
        for case in self._shown():
            mark, colour = ("✓ pass", "#00734f") if case.passed else ("✗ FAIL", "#b34700")
            details = f"<div>{html.escape(case.message)}</div>" if case.message else ""
            if not case.passed:
                details += "".join(f"<div><b>{label}:</b> {html.escape(text)}</div>"
                                   for label, text in _details(case))
            rows.append(
                f'<tr><td style="{_CELL}white-space:nowrap;color:{colour}"><b>{mark}</b></td>'
                f'<td style="{_CELL}"><b>{html.escape(case.name)}</b>{details}</td></tr>')
        points = f"{self.points:g} of {self.max_points:g} points"
        return (f'<div style="{_CARD}"><b><code>{html.escape(self.name)}</code>: {points}</b>'
                f'<table style="margin:.4em 0 0;border:0">{"".join(rows)}</table></div>')


_CARD = "background:#fff;color:#222;border:1px solid #bbb;border-radius:4px;padding:.6em .8em"
_CELL = ("text-align:left;vertical-align:top;padding:.2em .8em .2em 0;border:0;background:#fff;"
         "color:#222;")


def _details(case):
    pairs = [("looks like", case.mistake), ("inputs", case.inputs), ("hint", case.hint)]
    return [(label, text) for label, text in pairs if text]


def judge(sheet, accounts):
    """Return the `Report` for a sheet's cases and the accounts that `attempt` gave of them.

    Parameters
    ----------
    sheet : Sheet
    accounts : list of dict
        One per case, as `attempt` returns them, or ``{"failed": sentence}`` where the sandbox
        had to stop the attempt. Fewer than the cases: the rest was not tried.
    """
    report = Report(sheet.name)
    for case, account in zip(sheet.cases, accounts, strict=False):
        sentence = _verdict(sheet, case, account)
        warned = ", ".join(account.get("warnings", []))
        if sentence:
            message = sentence + (f" (NumPy warned: {warned})" if warned else "")
            inputs = "; ".join(f"{k} = {summary(v)}" for k, v in case.inputs.items())
            hint = "" if _other_reason(sheet, case, account) else case.hint
            report.cases.append(CaseReport(case.name, 0.0, case.points, message, inputs, hint=hint))
        else:
            message = f"right; NumPy warned: {warned}" if warned else ""
            report.cases.append(CaseReport(case.name, case.points, case.points, message))
    for case in sheet.cases[len(accounts):]:
        report.cases.append(CaseReport(case.name, 0.0, case.points,
                                       "not tried: an earlier case had to be stopped"))
    _diagnose(sheet, accounts, report)
    return report


def _verdict(sheet, case, account):
    """Return ``""`` for a right answer, else the sentence that says what is wrong."""
    if "failed" in account:
        return account["failed"]
    if "error" in account:
        return _error(account["error"], sheet.name)
    if "refused" in account:
        return account["refused"]
    sentence = difference(account["value"], case.expected, sheet.rtol, sheet.atol, case.dtype)
    if not sentence and case.untouched and account.get("changed"):
        return f"the values are right, but {' and '.join(account['changed'])} was changed in place"
    return sentence


def _other_reason(sheet, case, account):
    """Return whether a case about a habit failed by its values, which its hint is not about."""
    if not (case.dtype or case.untouched):
        return False
    return "value" not in account or not agree(account["value"], case.expected,
                                               sheet.rtol, sheet.atol)


def _error(error, name):
    if error["type"] == "NotImplementedError" and not error["message"]:
        calls = error.get("calls", "").split()
        inner = calls[-1] if name in calls[:-1] else ""
        return f"calls {inner}, which is not written yet" if inner else "not written yet"
    if error["type"] == "NameError" and not error["line"]:
        return error["message"]
    where = f" in line {error['number']}: {error['line']}" if error["line"] else ""
    return f"raised {error['type']}: {error['message'] or 'no message'}{where}"


def _diagnose(sheet, accounts, report):
    """Name the known mistake that explains most of the failed cases.

    A mistake explains a case if the student's answer equals the mistake's and the right one does
    not; one that disagrees with the student anywhere gives way to one that agrees everywhere.
    One that leaves more than a quarter of the wrong answers unexplained accuses nobody.
    """
    if report.passed:
        return
    right = ["value" in account and agree(account["value"], case.expected, sheet.rtol, sheet.atol)
             for case, account in zip(sheet.cases, accounts, strict=False)]
    explained = {}
    for number, sentence in enumerate(sheet.mistakes):
        hits, misses, unexplained = set(), 0, 0
        for index, (case, account) in enumerate(zip(sheet.cases, accounts, strict=False)):
            wrong = case.mistakes[number]
            if "value" not in account or wrong is None:
                continue
            if not agree(account["value"], wrong, sheet.rtol, sheet.atol):
                misses += 1
                unexplained += not right[index]
            elif not right[index]:
                hits.add(index)
        if hits and 3 * unexplained <= len(hits):
            explained[sentence] = (misses == 0, len(hits), hits)
    for sentence, (_, _, hits) in sorted(explained.items(), key=lambda e: e[1][:2], reverse=True):
        for index in hits:
            report.cases[index].mistake = report.cases[index].mistake or sentence
