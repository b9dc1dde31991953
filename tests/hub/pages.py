"""What people do in the hub's pages: log in, fetch, write, check, hand in, collect, grade. One
class for each role.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from deploy.hub.settings import COURSE, Settings

Photograph = Callable[[Page, str], None]
SERVER_SECONDS = 120
KERNEL_SECONDS = 120


class Person:
    """Somebody with a browser."""

    def __init__(self, page: Page, hub: Settings, name: str, photograph: Photograph) -> None:
        self.page = page
        self.hub = hub
        self.name = name
        self._photograph = photograph
        page.set_default_timeout(90_000)

    def photograph(self, name: str) -> None:
        """Keep a picture for the tour, if somebody wants one."""
        self._photograph(self.page, name)

    def log_in(self, password: str | None = None) -> None:
        """At the hub's own form."""
        self.page.goto(f"{self.hub.address}/hub/login")
        self.page.fill("#username_input", self.name)
        self.page.fill(
            "#password_input", self.hub.passwords()[self.name] if password is None else password
        )
        self.page.click("#login_submit")


class Student(Person):
    """In JupyterLab."""

    def open_lab(self) -> float:
        """Start one's own server, and begin with an empty JupyterLab. Returns the seconds until it
        was there.
        """
        self.page.locator("#greeting").wait_for()
        self.photograph("home")
        passed: list[str] = []
        self.page.on("framenavigated", lambda frame: passed.append(frame.url))
        began = time.monotonic()
        self.page.click("#start")
        bar = self.page.locator("#progress-bar")
        bar.or_(self.page.locator(".jp-Launcher")).first.wait_for(state="attached")
        if bar.count():
            self.photograph("starting")
        self.page.wait_for_url(re.compile(f"/user/{self.name}/lab"), timeout=SERVER_SECONDS * 1000)
        self.page.locator(".jp-Launcher").first.wait_for(timeout=SERVER_SECONDS * 1000)
        took = time.monotonic() - began
        assert any("/spawn-pending/" in url for url in passed)  # the page with the bar
        self.page.goto(f"{self.hub.address}/user/{self.name}/lab?reset")
        self.page.locator(".jp-Launcher").first.wait_for(timeout=SERVER_SECONDS * 1000)
        return took

    def open_assignments(self) -> None:
        """nbgrader's Assignment List."""
        self.page.locator('div.lm-MenuBar-itemLabel:text("Nbgrader")').click()
        self.page.locator(
            '#jp-mainmenu-nbgrader li[data-command="nbgrader:open-assignment-list"]'
        ).click()
        self.page.locator(
            "#released_assignments_list .list_item, #fetched_assignments_list .list_item"
        ).first.wait_for()

    def nbgrader_offers(self) -> list[str]:
        """What the menu Nbgrader offers."""
        self.page.locator('div.lm-MenuBar-itemLabel:text("Nbgrader")').click()
        offers = self.page.locator("#jp-mainmenu-nbgrader li[data-command] .lm-Menu-itemLabel")
        offers.first.wait_for()
        found = [text for text in offers.all_inner_texts() if text]
        self.page.keyboard.press("Escape")
        return found

    def fetch(self, assignment: str) -> None:
        """Press Fetch."""
        row = self.page.locator("#released_assignments_list > .list_item", has_text=assignment)
        row.locator(".item_status button").click()
        self.page.locator("#fetched_assignments_list > .list_item", has_text=assignment).wait_for()

    def open_notebook(self, assignment: str) -> None:
        """From the list of fetched assignments; waits for its kernel."""
        self.page.locator(f'#fetched_assignments_list a:text("{assignment}")').first.click()
        self.page.locator(f'#fetched_assignments_list a:text("{assignment}")').last.click()
        self.page.locator(".jp-NotebookPanel .jp-Cell").nth(3).wait_for()
        idle = self.page.locator("#jp-main-statusbar", has_text=re.compile(r"\| Idle"))
        idle.wait_for(timeout=KERNEL_SECONDS * 1000)

    def cell(self, text: str) -> Locator:
        """The one cell with this text in its source; scrolled to, since JupyterLab draws only what
        is near the window.
        """
        notebook = self.page.locator(".jp-WindowedPanel-outer").last
        found = self.page.locator(".jp-NotebookPanel .jp-Cell").filter(
            has=self.page.locator(".jp-InputArea", has_text=text)
        )
        notebook.evaluate("box => box.scrollTop = 0")
        for _ in range(400):
            if found.count():
                found.first.scroll_into_view_if_needed()
                return found.first
            notebook.evaluate("box => box.scrollTop += 300")
            self.page.wait_for_timeout(60)
        raise AssertionError(f"no cell says {text!r}")

    def write(self, cell: Locator, source: str) -> None:
        """Replace the source of a cell."""
        if cell.locator(".cm-content").count() == 0 or not cell.locator(".cm-content").is_visible():
            cell.dblclick()  # a text that is shown as a page
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)

    def run(self, cell: Locator) -> None:
        """Run a cell, and wait until the kernel has nothing left to do."""
        if cell.locator(".cm-content").count():
            cell.locator(".cm-content").click()
        else:
            cell.click()
        self.page.keyboard.press("Control+Enter")
        expect(cell.locator(".jp-InputPrompt")).not_to_have_text(
            "[*]:", timeout=KERNEL_SECONDS * 1000
        )

    def validate(self) -> str:
        """Press Validate, which saves first; what the dialog says."""
        self.page.get_by_role("button", name="Validate").or_(
            self.page.locator(".validate-button")
        ).first.click()
        dialog = self.page.locator(".jp-Dialog")
        dialog.wait_for(timeout=240_000)
        said = dialog.inner_text()
        self.photograph("validate")
        dialog.locator(".jp-Dialog-footer button, button").last.click()
        dialog.wait_for(state="detached")
        return said

    def save(self) -> None:
        """Ctrl-S, until the tab no longer says that something is unsaved."""
        self.page.locator(".jp-NotebookPanel .jp-Cell").first.click()
        self.page.keyboard.press("Control+s")
        expect(
            self.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab.jp-mod-current")
        ).not_to_have_class(re.compile("jp-mod-dirty"), timeout=30_000)

    def hand_in(self, assignment: str) -> None:
        """Press Submit in the Assignment List."""
        self.page.locator('.lm-TabBar-tab:has-text("Assignments")').first.click()
        row = self.page.locator("#fetched_assignments_list > .list_item", has_text=assignment)
        row.locator('.item_status button:text("Submit")').click()
        self.page.locator(
            "#submitted_assignments_list > .list_item", has_text=assignment
        ).wait_for()

    def fetch_feedback(self, assignment: str) -> None:
        """Come back later, and press Fetch Feedback."""
        self.page.goto(f"{self.hub.address}/user/{self.name}/lab?reset")
        self.page.locator(".jp-Launcher").first.wait_for()
        self.open_assignments()
        row = self.page.locator("#submitted_assignments_list > .list_item", has_text=assignment)
        row.get_by_text("Fetch Feedback").click()
        row.get_by_text("(view feedback)").wait_for()

    def read_feedback(self, assignment: str) -> Locator:
        """Open the page that was fetched; what it shows."""
        row = self.page.locator("#submitted_assignments_list > .list_item", has_text=assignment)
        row.get_by_text("(view feedback)").click()
        self.page.locator(".jp-DirListing-item", has_text=f"{assignment}.html").dblclick()
        return self.page.frame_locator(".jp-HTMLViewer iframe").locator("body")


class Instructor(Person):
    """In Formgrader."""

    @property
    def formgrader(self) -> str:
        """Its address."""
        return f"{self.hub.address}/services/{COURSE}/formgrader"

    def open_formgrader(self, page: str = "") -> None:
        """Go there; the hub asks for a login where there is none yet."""
        self.page.goto(f"{self.formgrader}{page}")
        self.page.locator("#main-table, table").first.wait_for()
        self.page.locator("td.name, td.student-id, td.student-name, td").first.wait_for()

    def press(self, row: str, column: str, done: str) -> str:
        """Press the button of a column in an assignment's or a student's row; what the dialog says
        afterwards.
        """
        self.page.locator("tr", has=self.page.get_by_text(row, exact=True)).locator(
            f"td.{column} a"
        ).first.click()
        self.page.get_by_text(done).first.wait_for(timeout=240_000)
        return self._close_dialog(f"pressed-{column}")

    def _close_dialog(self, picture: str) -> str:
        dialog = self.page.locator(".modal.in, .modal.show").first
        self.page.wait_for_timeout(400)  # it slides in
        self.photograph(picture)
        said = dialog.inner_text()
        # not with a mouse: a dialog that slides in goes away from under a button held down
        close = dialog.locator("button.close, .modal-footer button, .close").first
        close.dispatch_event("click")
        self.page.locator(".modal.in, .modal.show").wait_for(state="detached")
        return said
