"""What a window sees, as matrices: against im2col, which writes every window down."""

import doctest

import numpy as np
import pytest

from nnlib import windows
from nnlib.convolution import conv2d, im2col
from nnlib.windows import banded, blocks, bordered, side_by_side, window_matrices


def test_the_examples_in_the_docstrings_run():
    failed, ran = doctest.testmod(windows, extraglobs={"np": np})
    assert ran and not failed


def test_blocks_cover_the_batch_once():
    x = np.ones((10, 100, 100, 8))
    assert sorted(n for part in blocks(x, 3) for n in range(10)[part]) == list(range(10))
    assert len(blocks(x, 3)) > 1


@pytest.mark.parametrize("shape, size, strides", [
    ((2, 5, 6, 3), (3, 3), 1), ((3, 6, 5, 1), (2, 4), 2), ((2, 7, 3, 2), (3, 3), (2, 1)),
    ((1, 4, 9, 2), (4, 1), (1, 3))])
def test_the_matrices_hold_the_windows(shape, size, strides):
    x = np.random.default_rng(0).normal(size=shape)
    table = im2col(x, size, strides)
    matrices = window_matrices(x, size, strides)
    for row, matrix in enumerate(matrices):
        np.testing.assert_array_equal(matrix, table[:, row].reshape(-1, table.shape[-1]))
    assert len(matrices) == table.shape[1] and not matrices.flags.writeable


@pytest.mark.parametrize("stride", [1, 2])
def test_a_banded_kernel_is_several_side_by_side(stride):
    rng = np.random.default_rng(1)
    x, kernel = rng.normal(size=(2, 3, 11, 2)), rng.normal(size=(2, 3, 2, 4))
    band, copies = banded(kernel, 3, stride)
    for copy in copies:
        copy[...] = kernel
    wide = conv2d(x, band.reshape(*band.shape[:3], -1), strides=(1, 3 * stride))
    one = conv2d(x, kernel, strides=(1, stride))
    np.testing.assert_allclose(wide.reshape(2, 2, -1, 4), one[:, :, :3 * wide.shape[2]])


def test_places_taken_together_divide_the_row():
    kernel = np.ones((3, 3, 1, 8))
    assert [side_by_side(kernel, columns, 1) for columns in (12, 13, 14)] == [4, 1, 2]
    assert side_by_side(kernel, 12, stride=3) == 1, "windows that do not overlap share nothing"
    assert side_by_side(np.ones((3, 3, 1, 100)), 12, 1) == 1


def test_a_border_has_its_sides():
    x = bordered(np.ones((1, 1, 1, 1)), (1, 0), (0, 2), value=-5)
    assert x[0, :, :, 0].tolist() == [[-5, -5, -5], [1, -5, -5]]
