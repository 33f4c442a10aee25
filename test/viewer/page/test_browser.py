# SPDX-License-Identifier: Apache-2.0
"""The page in a headless Chromium: `make docs-test` runs these."""

import time

import pytest
from matplotlib.image import imread

from vi_ik_ros.benchmarks.page.browser import Browser, NoBrowser, find_browser
from vi_ik_ros.benchmarks.page.page import acknowledged, newest_client
from vi_ik_ros.viewer.page.page import Page, PageContent

WAIT = 120.0  # [s]
SWITCH = "[...document.querySelectorAll('label')].find(one => one.textContent === '{}').control"
SHOWN = "[...document.images].filter(one => one.offsetHeight > 0).length"  # pictures
MIDDLE = "(box => [box.x + box.width / 2, box.y + box.height / 2])({}.getBoundingClientRect())"

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module", autouse=True)
def _chromium():
    try:
        find_browser()
    except NoBrowser as error:
        pytest.skip(str(error))


@pytest.fixture
def page(sampler):
    with Page(PageContent(sampler, "arm"), port=0) as opened:
        assert opened.sample.settled(WAIT)
        yield opened


@pytest.fixture
def browser(page):
    with Browser(1000, 800) as opened:
        opened.open(page.url)
        acknowledged(newest_client(page, WAIT), WAIT)
        opened.until("document.body.innerText.includes('converged')", WAIT)
        yield opened


def until(condition):
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_click_on_a_switch_changes_what_is_shown(page, browser):
    assert page.sample.controls.refine.value
    switch = SWITCH.format("refine")

    def clicked():  # The panel moves while the page is being laid out, so a click may miss.
        browser.click(*browser.evaluate(MIDDLE.format(switch)))
        return not browser.evaluate(f"{switch}.checked")

    until(clicked)
    until(lambda: not page.sample.controls.refine.value)
    assert page.sample.settled(WAIT)
    browser.until("!document.body.innerText.includes('converged')", WAIT)
    assert (page.sample.answer.iterations == 0).all()
    assert browser.complaints == []


def opened_training(browser):
    def clicked():
        tab = (
            "[...document.querySelectorAll('[role=tab]')].find(one => one.innerText === 'training')"
        )
        browser.click(*browser.evaluate(MIDDLE.format(tab)))
        return browser.evaluate("document.body.innerText.includes('stored model')")

    until(clicked)


def test_a_click_on_a_tab_opens_it(browser):
    opened_training(browser)
    browser.until("document.body.innerText.includes('components that make at least')", WAIT)
    assert browser.complaints == []


def test_how_a_stored_model_was_trained_is_shown(trained, tmp_path):
    with Page(PageContent(trained, "arm"), port=0) as page, Browser(1000, 800) as browser:
        browser.open(page.url)
        acknowledged(newest_client(page, WAIT), WAIT)
        opened_training(browser)
        browser.until("document.body.innerText.includes('arm keeps no training curve')", WAIT)
        assert page.training.settled(WAIT)
        browser.until(f"{SHOWN} > 0", WAIT)  # its components, before the curve of the next one
        before = browser.evaluate(SHOWN)
        page.training.model.value = "spot"
        page.training.refresh()
        browser.until("document.body.innerText.includes('30 updates in 60 s')", WAIT)
        browser.until(f"{SHOWN} > {before}", WAIT)
        browser.screenshot(tmp_path / "curve.png")
        assert browser.complaints == []


def test_robots_are_painted(page, browser, tmp_path):
    client = newest_client(page)

    def picture(name):
        acknowledged(client, WAIT)
        browser.screenshot(tmp_path / name)
        return imread(tmp_path / name)[100:, :550]  # beside the controls

    def differing(one, other):
        return (abs(one - other).max(axis=2) > 0.1).mean()

    before = picture("robots.png")
    page.sample.clear()
    until(lambda: differing(before, picture("empty.png")) > 0.01)
    assert browser.complaints == []
