"""Small ONNX networks, made on the spot, that keep to docs/formats.md or break one rule of it."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

PLANES, SIDE, POINTS = 26, 19, 361


def write_network(
    path: Path,
    *,
    seed: int = 0,
    pass_logit: float = -9.0,
    win: bool = False,
    chains: bool = False,
    taps: bool = False,
    planes: int = PLANES,
    outputs: int = POINTS + 1,
    policy: str = "policy",
    metadata: dict[str, str] | None = None,
    extra_inputs: Mapping[str, tuple[int, list[int]]] = MappingProxyType({}),
) -> Path:
    """Write a network whose policy is a 1x1 convolution plus a number of its own for each point; returns `path`.

    `metadata` replaces entries of the usual ones. `win` adds an output whose logit is the plane of own stones, summed.
    `extra_inputs`, by name the ONNX type and the shape after N, are not used.
    `chains` adds the input of that name, and to the logit of each point a hundredth of the label of its chain.
    `taps` adds the inner layers `stem` [N, 4, 19, 19], `stem.mean` [N, 4], and tells of them in the metadata.
    """
    rng = np.random.default_rng(seed)
    stones = np.zeros((1, planes, 1, 1), np.float32)
    stones[0, 1] = 1
    constants = {
        "weights": rng.normal(0, 0.5, (1, planes, 1, 1)).astype(np.float32),
        "bias": rng.normal(0, 1, (1, POINTS)).astype(np.float32),
        "rest": np.full((1, outputs - POINTS), pass_logit, np.float32),
        "zero": np.zeros((1, outputs - POINTS), np.float32),
        "flat": np.array([0, -1], np.int64),
        "first": np.array([0], np.int64),
        "one": np.array([1], np.int64),
        "stones": stones,
        "all_but_first": np.array([1, 2, 3], np.int64),
    }
    nodes = [
        helper.make_node("Conv", ["planes", "weights"], ["board"]),
        helper.make_node("Reshape", ["board", "flat"], ["points"]),
        helper.make_node("Add", ["points", "bias"], ["on_points"]),
        helper.make_node("Slice", ["points", "first", "one", "one"], ["column"]),
        helper.make_node("Mul", ["column", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "rest"], ["pass"]),
        helper.make_node("Concat", ["on_points", "pass"], [policy], axis=1),
    ]
    results = [helper.make_tensor_value_info(policy, TensorProto.FLOAT, ["N", outputs])]
    if win:
        nodes += [
            helper.make_node("Conv", ["planes", "stones"], ["own"]),
            helper.make_node("ReduceSum", ["own", "all_but_first"], ["win"], keepdims=0),
        ]
        results.append(helper.make_tensor_value_info("win", TensorProto.FLOAT, ["N"]))
    inputs = {"planes": (TensorProto.FLOAT, [planes, SIDE, SIDE]), **extra_inputs}
    if chains:
        inputs["chains"] = (TensorProto.INT64, [SIDE, SIDE])
        constants["hundredth"] = np.array([0.01], np.float32)
        nodes[2:3] = [
            helper.make_node("Cast", ["chains"], ["labels"], to=TensorProto.FLOAT),
            helper.make_node("Reshape", ["labels", "flat"], ["flat_labels"]),
            helper.make_node("Mul", ["flat_labels", "hundredth"], ["of_chains"]),
            helper.make_node("Add", ["points", "bias"], ["without_chains"]),
            helper.make_node("Add", ["without_chains", "of_chains"], ["on_points"]),
        ]
    if taps:
        constants["stem_weights"] = rng.normal(0, 0.5, (4, planes, 3, 3)).astype(np.float32)
        nodes += [
            helper.make_node("Conv", ["planes", "stem_weights"], ["stem"], pads=[1, 1, 1, 1]),
            helper.make_node("ReduceMean", ["stem"], ["stem.mean"], axes=[2, 3], keepdims=0),
        ]
        results.append(helper.make_tensor_value_info("stem", TensorProto.FLOAT, ["N", 4, SIDE, SIDE]))
        results.append(helper.make_tensor_value_info("stem.mean", TensorProto.FLOAT, ["N", 4]))
        metadata = {"taps": json.dumps(["stem", "stem.mean"]), **(metadata or {})}
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, kind, ["N", *shape]) for name, (kind, shape) in inputs.items()],
        results,
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    usual = {
        "feature_set": "sandbox-26",
        "feature_version": "1",
        "config": "{}",
        "training": "{}",
        "figures": json.dumps({}),
        "shicho_version": "test",
    }
    helper.set_model_props(model, {**usual, **(metadata or {})})
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path
