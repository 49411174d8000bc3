"""Draw docs/report.png and docs/web.png, pages that the README shows, from the run of `make demo`.

    make demo; make -C build/demo web; make screenshot

In: the folder of that project, with runs/001/report.html and runs/001/web. Chromium opens both, without a window; in
the second it chooses an image of the project's tests. Ctrl-C ends the web page.
"""

import io
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

DOCS = Path(__file__).resolve().parent.parent / "docs"
WIDTH = 1000
HEIGHTS = {"report": 1180, "web": 640}  # pixels
NUMBER = 10  # of the image


def shoot(browser: webdriver.Chrome, name: str) -> None:
    """Draw what the browser shows into docs/."""
    shot = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")
    shot.quantize(128).save(DOCS / f"{name}.png", optimize=True)
    print(f"Written: {DOCS / name}.png")


def open_page(browser: webdriver.Chrome, name: str, path: Path) -> None:
    """Open a page in a window of its size."""
    size = {"width": WIDTH, "height": HEIGHTS[name], "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(path.resolve().as_uri())


project = Path(sys.argv[1])
run = project / "runs" / "001"
options = webdriver.ChromeOptions()
options.binary_location = shutil.which("chromium") or shutil.which("google-chrome")
for name in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "hide-scrollbars"):
    options.add_argument(f"--{name}")
with (
    tempfile.TemporaryDirectory() as scratch,
    webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver"))) as browser,
):
    open_page(browser, "report", run / "report.html")
    shoot(browser, "report")
    image = Path(scratch, "image.png")
    Image.fromarray(np.load(project / "tests" / "sample.npz")["x_test"][NUMBER]).save(image)
    open_page(browser, "web", run / "web" / "standalone.html")
    browser.find_element("id", "file").send_keys(str(image))
    WebDriverWait(browser, 30).until(lambda page: page.find_elements("css selector", "#answer [data-name]"))
    shoot(browser, "web")
