"""Python packages through the gateway, as their users call them. `npm run clients:python -- --help` tells more."""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

# The package would look up prices on the network otherwise.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "people": {"type": "integer"}},
    "required": ["city", "people"],
}
TOOL = {"type": "function", "function": {"name": "weather", "description": "Tells the weather", "parameters": SCHEMA}}
FUNCTION = 'def weather(city: str, people: int):\n    "Tells the weather"\n    return "sunny"\n'
CITIES = ["Paris", "Rome", "Lima", "Oslo", "Bonn", "Bern"]


def post(url, path, body, headers=None):
    data = json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"content-type": "application/json", **(headers or {})})
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def get(url, path):
    with urllib.request.urlopen(url + path) as response:
        return json.load(response)


class World:
    def __init__(self, url, model, limit, words, tools):
        self.url, self.model, self.limit, self.words, self.tools = url, model, limit, words, tools
        self.seen, self.after = (0, 0), 0

    def long_prompt(self, about):
        return " ".join(f"{about}{i}" for i in range(self.words))

    def true_count(self, prompt):
        """As the server counts in a window that holds everything, past the gateway's own decision."""
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": prompt}],
            "stream": False,
            "options": {"num_ctx": 16384, "num_predict": 1},
        }
        return post(self.url, "/api/chat", body, {"x-rightsize": "off"})["prompt_eval_count"]


class OllamaPackage:
    name = "ollama, chat"

    def __init__(self, world):
        import ollama

        self.world, self.client = world, ollama.Client(host=world.url)

    def _ask(self, prompt, stream=False, limit=None, **more):
        options = {"temperature": 0, "num_predict": limit or self.world.limit}
        messages = [{"role": "user", "content": prompt}]
        return self.client.chat(model=self.world.model, messages=messages, stream=stream, options=options, **more)

    def plain(self, prompt, limit=None):
        answer = self._ask(prompt, limit=limit)
        return (answer.message.thinking or "") + answer.message.content, answer.prompt_eval_count

    def streamed(self, prompt, limit=None):
        for part in self._ask(prompt, stream=True, limit=limit):
            yield (part.message.thinking or "") + (part.message.content or "")

    def schema(self, prompt):
        return self._ask(prompt, limit=200, format=SCHEMA).message.content

    def calls(self, prompt):
        return [call.function.name for call in self._ask(prompt, limit=200, tools=[TOOL]).message.tool_calls or []]


class OpenAiPackage:
    name = "openai, chat completions"

    def __init__(self, world):
        import openai

        self.world = world
        self.client = openai.OpenAI(base_url=f"{world.url}/v1", api_key="none", max_retries=0)

    def _ask(self, prompt, limit=None, **more):
        messages = [{"role": "user", "content": prompt}]
        return self.client.chat.completions.create(
            model=self.world.model, messages=messages, temperature=0, max_tokens=limit or self.world.limit, **more
        )

    @staticmethod
    def _text(said):
        return (getattr(said, "reasoning", None) or "") + (said.content or "")

    def plain(self, prompt, limit=None):
        answer = self._ask(prompt, limit)
        return self._text(answer.choices[0].message), answer.usage.prompt_tokens

    def streamed(self, prompt, limit=None):
        with self._ask(prompt, limit, stream=True) as stream:
            for chunk in stream:
                yield self._text(chunk.choices[0].delta) if chunk.choices else ""

    def schema(self, prompt):
        response_format = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}
        return self._ask(prompt, 200, response_format=response_format).choices[0].message.content

    def calls(self, prompt):
        message = self._ask(prompt, 200, tools=[TOOL]).choices[0].message
        return [call.function.name for call in message.tool_calls or []]


class OpenAiResponses(OpenAiPackage):
    name = "openai, responses"

    def _create(self, prompt, limit=None, **more):
        return self.client.responses.create(
            model=self.world.model, input=prompt, temperature=0, max_output_tokens=limit or self.world.limit, **more
        )

    def plain(self, prompt, limit=None):
        answer = self._create(prompt, limit)
        return "".join(map(str, [part for item in answer.output for part in self._parts(item)])), answer.usage.input_tokens

    @staticmethod
    def _parts(item):
        if item.type == "reasoning":
            return [part.text for part in item.summary]
        return [part.text for part in item.content] if item.type == "message" else []

    def streamed(self, prompt, limit=None):
        with self._create(prompt, limit, stream=True) as stream:
            for event in stream:
                yield event.delta if event.type.endswith("text.delta") else ""

    def schema(self, prompt):
        text = {"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA}}
        return self._create(prompt, 200, text=text).output_text

    def calls(self, prompt):
        tool = {"type": "function", "strict": False, **TOOL["function"]}
        return [item.name for item in self._create(prompt, 200, tools=[tool]).output if item.type == "function_call"]


class LiteLlm(OpenAiPackage):
    name = "litellm, ollama_chat"
    prefix, path = "ollama_chat/", ""

    def __init__(self, world):
        import litellm

        litellm.suppress_debug_info = True
        self.world, self.litellm = world, litellm

    @staticmethod
    def _text(said):
        return (getattr(said, "reasoning_content", None) or getattr(said, "reasoning", None) or "") + (said.content or "")

    def _ask(self, prompt, limit=None, **more):
        return self.litellm.completion(
            model=self.prefix + self.world.model,
            api_base=self.world.url + self.path,
            api_key="none",
            messages=[{"role": "user", "content": prompt}],
            temperature=0,
            max_tokens=limit or self.world.limit,
            **more,
        )

    def streamed(self, prompt, limit=None):
        # Whoever leaves has to say so: the package keeps the connection of an `openai/` stream that is only no longer read.
        with self._ask(prompt, limit, stream=True) as stream:
            for chunk in stream:
                yield self._text(chunk.choices[0].delta)


class LiteLlmOpenAi(LiteLlm):
    name = "litellm, openai"
    prefix, path = "openai/", "/v1"


class LlmCommand:
    """The command line; it tells neither counts nor calls here, so those are looked up in the gateway."""

    name = "llm, command line"

    def __init__(self, world):
        self.world = world
        self.folder = tempfile.mkdtemp(prefix="rightsize-llm-")
        with open(os.path.join(self.folder, "extra-openai-models.yaml"), "w") as file:
            json.dump(
                [
                    {
                        "model_id": "through",
                        "model_name": world.model,
                        "api_base": f"{world.url}/v1",
                        "supports_schema": True,
                        "supports_tools": True,
                    }
                ],
                file,
            )
        self.env = {**os.environ, "LLM_USER_PATH": self.folder, "OPENAI_API_KEY": "none"}

    def _command(self, *more, limit=None):
        bounds = ["-o", "temperature", "0", "-o", "max_tokens", str(limit or self.world.limit)]
        return [os.path.join(os.path.dirname(sys.executable), "llm"), "-m", "through", *bounds, *more]

    def _run(self, prompt, *more, limit=None):
        run = subprocess.run(
            self._command(*more, limit=limit), input=prompt, env=self.env, capture_output=True, text=True, timeout=600
        )
        if run.returncode != 0:
            raise RuntimeError(run.stderr)
        return run.stdout

    def quick(self, prompt, limit=None):
        """Without its own log, which takes one writer at a time."""
        return self._run(prompt, "--no-stream", "--no-log", limit=limit or 1000)

    def plain(self, prompt, limit=None):
        # What a model thinks is not shown: there has to be more.
        usage = self._run(prompt, "--no-stream", limit=limit or 1000)
        logged = json.loads(
            subprocess.check_output([self._command()[0], "logs", "-n", "1", "--json"], env=self.env, text=True)
        )
        return usage, logged[0]["input_tokens"]

    def streamed(self, prompt, limit=None):
        process = subprocess.Popen(
            self._command(limit=limit or 500), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=self.env, text=True,
        )
        process.stdin.write(prompt)
        process.stdin.close()
        try:
            for piece in iter(lambda: process.stdout.read(1), ""):
                yield piece
        finally:
            process.kill()
            process.wait()

    def schema(self, prompt):
        return self._run(prompt, "--no-stream", "--schema", json.dumps(SCHEMA), limit=200)


    def calls(self, prompt):
        # Its debugging output names the calls; a model that goes on calling ends it with an error.
        given = ["--no-stream", "--no-log", "--functions", FUNCTION, "--tools-debug"]
        run = subprocess.run(
            self._command(*given, limit=200), input=prompt, env=self.env, capture_output=True, text=True, timeout=600
        )
        return re.findall(r"Tool call: (\w+)\(", run.stderr)


def check(condition, told):
    if not condition:
        raise AssertionError(told)


def features(client, world):
    def plain():
        text, count = client.plain("Why is the sky blue?")
        check(text.strip() != "" and count > 0, f"{text!r}, {count}")

    def streamed():
        pieces = [piece for piece in client.streamed("Name the planets.") if piece]
        check(len(pieces) > 1, pieces)

    def tools():
        called = [name for city in CITIES for name in client.calls(f"How is the weather in {city}?")]
        check(not world.tools or "weather" in called, called)

    def schema():
        check(set(json.loads(client.schema("Which city is the largest?"))) == {"city", "people"}, "not of the schema")

    def long_prompt():
        prompt = world.long_prompt(client.name[0])
        counted, expected = client.plain(prompt, 4)[1], world.true_count(prompt)
        check(counted == expected, f"{counted} tokens instead of {expected}")

    def left():
        # What is short may have been said before anybody can leave.
        for times in range(10):
            before = outcomes(world)
            stream = client.streamed(f"Tell everything, {times} times.", 4000)
            next(piece for piece in stream if piece)
            stream.close()
            # The log is written behind the answer.
            for _ in range(30):
                left, ended = (now - then for now, then in zip(outcomes(world), before))
                if left > 0:
                    return
                if ended > 0:
                    break
                time.sleep(0.1)
            else:
                raise AssertionError("the server went on with an answer that nobody reads")
        raise AssertionError("every answer had ended before")

    def at_once():
        with ThreadPoolExecutor(20) as pool:
            quick = getattr(client, "quick", None) or (lambda prompt: client.plain(prompt)[0])
            texts = list(pool.map(lambda i: quick(f"What is {i} times {i}?"), range(20)))
        check(all(text.strip() for text in texts), texts)

    return {
        "plain": plain,
        "streamed": streamed,
        "tools": tools,
        "JSON": schema,
        "long prompt": long_prompt,
        "left midway": left,
        "20 at once": at_once,
    }


def outcomes(world):
    """Answers whose client went away, and the others, as the gateway has recorded them so far."""
    left, ended = world.seen
    while True:
        items = get(world.url, f"/rightsize/v1/events?limit=1000&type=request.completed&after={world.after}")["items"]
        for event in items:
            world.after = event["position"]
            if "cancelled" in event["data"]["taints"]:
                left += 1
            else:
                ended += 1
        world.seen = left, ended
        if len(items) < 1000:
            return world.seen


def ollama_command(binary, world):
    env = {**os.environ, "OLLAMA_HOST": world.url.removeprefix("http://")}

    def run(*args, fails=False):
        done = subprocess.run([binary, *args], env=env, capture_output=True, text=True, timeout=600)
        check((done.returncode != 0) == fails, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def create():
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "Modelfile")
            with open(path, "w") as file:
                file.write(f"FROM {world.model}\nPARAMETER num_predict 8\n")
            run("create", "rightsize-made", "-f", path)
        check("rightsize-made" in run("list"), "not in the list")
        check(run("run", "rightsize-made", "Why is the sky blue?").strip() != "", "no answer")
        run("rm", "rightsize-made")
        check("rightsize-made" not in run("list"), "still in the list")

    return {
        "list": lambda: check(world.model in run("list"), "not in the list"),
        "show": lambda: check("context length" in run("show", world.model), "no context length"),
        "create, run, rm": create,
        "ps": lambda: check("NAME" in run("ps"), "no heading"),
        "pull error": lambda: check("Error" in run("pull", "127.0.0.1:9/none/none", fails=True), "no error"),
    }


def attempt(name, action):
    try:
        action()
        return "ok"
    except Exception as error:  # whatever a package throws is what its users would see
        print(f"{name}: {type(error).__name__}: {str(error)[:600]}", file=sys.stderr)
        return "FAILS"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="the gateway")
    parser.add_argument("--model", required=True)
    parser.add_argument("--tools", action="store_true", help="the model is known to call tools")
    parser.add_argument("--limit", type=int, default=40, help="tokens of an answer")
    parser.add_argument("--words", type=int, default=2500, help="of the prompt beyond the default window")
    parser.add_argument("--only", default="", help="clients whose name contains this")
    parser.add_argument("--json", help="a file for the results")
    parser.add_argument("--ollama", default=shutil.which("ollama"), help="the command line")
    given = parser.parse_args()
    world = World(given.url.rstrip("/"), given.model, given.limit, given.words, given.tools)
    failed = False
    results = {}
    for made in [OllamaPackage, OpenAiPackage, OpenAiResponses, LiteLlm, LiteLlmOpenAi, LlmCommand]:
        if given.only not in made.name:
            continue
        client = made(world)
        told = {
            feature: "none" if action is None else attempt(f"{made.name}, {feature}", action)
            for feature, action in features(client, world).items()
        }
        results[made.name] = told
        print(f"{made.name:26}", "  ".join(f"{feature}: {told[feature]}" for feature in told), flush=True)
        failed = failed or "FAILS" in told.values()
    if given.ollama and given.only in "ollama, command line":
        told = {name: attempt(f"ollama {name}", action) for name, action in ollama_command(given.ollama, world).items()}
        results["ollama, command line"] = told
        print(f"{'ollama, command line':26}", "  ".join(f"{name}: {told[name]}" for name in told))
        failed = failed or "FAILS" in told.values()
    if given.json:
        with open(given.json, "w") as file:
            json.dump(results, file)
    sys.exit(1 if failed else 0)


main()
