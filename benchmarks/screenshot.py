"""Draw docs/web.png, the picture of the web page in the README, from the run of `make demo`.

    make demo; make -C build/demo web; make screenshot

In: the folder of that project, with runs/001/web. An image of its tests is chosen in Chromium, without a window.
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

TARGET = Path(__file__).resolve().parent.parent / "docs" / "web.png"
SIZE = {"width": 1000, "height": 640, "deviceScaleFactor": 1, "mobile": False}
NUMBER = 10  # of the image

project = Path(sys.argv[1])
options = webdriver.ChromeOptions()
options.binary_location = shutil.which("chromium") or shutil.which("google-chrome")
for name in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "hide-scrollbars"):
    options.add_argument(f"--{name}")
with (
    tempfile.TemporaryDirectory() as scratch,
    webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver"))) as browser,
):
    image = Path(scratch, "image.png")
    Image.fromarray(np.load(project / "tests" / "sample.npz")["x_test"][NUMBER]).save(image)
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", SIZE)
    browser.get((project / "runs" / "001" / "web" / "standalone.html").resolve().as_uri())
    browser.find_element("id", "file").send_keys(str(image))
    WebDriverWait(browser, 30).until(lambda page: page.find_elements("css selector", "#answer [data-name]"))
    shot = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")
    shot.quantize(128).save(TARGET, optimize=True)
print(f"Written: {TARGET}")
