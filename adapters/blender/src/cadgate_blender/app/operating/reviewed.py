"""The operators that were reviewed: they edit the data of the document, and do not reach files, code or the program.

A test lists the operators of Blender, and fails for one of a reviewed group that is neither here nor refused by a rule.
"""

from __future__ import annotations

REVIEWED: dict[str, str] = {
    "action": (
        "bake_keys clean clickselect copy delete duplicate duplicate_move easing_type extrapolation_type frame_jump "
        "handle_type interpolation_type keyframe_insert keyframe_type layer_next layer_prev markers_make_local mirror "
        "new paste previewrange_set push_down select_all select_box select_by_type select_circle select_column "
        "select_lasso select_leftright select_less select_linked select_more snap stash stash_and_create unlink "
        "view_all view_selected"
    ),
    "anim": (
        "binding_unassign_object change_frame channel_select_keys channel_view_pick channels_clean_empty "
        "channels_click channels_collapse channels_delete channels_editable_toggle channels_expand "
        "channels_fcurves_enable channels_group channels_move channels_rename channels_select_all channels_select_box "
        "channels_select_filter channels_setting_disable channels_setting_enable channels_setting_toggle "
        "channels_ungroup channels_view_selected clear_useless_actions convert_legacy_action end_frame_set "
        "keyframe_clear_button keyframe_clear_v3d keyframe_clear_vse keyframe_delete keyframe_delete_button "
        "keyframe_delete_by_name keyframe_delete_v3d keyframe_delete_vse keyframe_insert keyframe_insert_button "
        "keyframe_insert_by_name keyframe_insert_menu keying_set_active_set keying_set_add keying_set_path_add "
        "keying_set_path_remove keying_set_remove keyingset_button_add keyingset_button_remove merge_animation "
        "previewrange_clear previewrange_set replace_action replace_action_new scene_range_frame separate_slots "
        "slot_channels_move_to_new_action slot_new_for_id slot_unassign_from_constraint slot_unassign_from_id "
        "slot_unassign_from_nla_strip start_frame_set update_animated_transform_constraints "
        "version_bone_hide_property view_curve_in_graph_editor"
    ),
    "armature": (
        "align assign_to_collection autoside_names bone_primitive_add calculate_roll click_extrude collection_add "
        "collection_assign collection_create_and_assign collection_deselect collection_move collection_remove "
        "collection_remove_unused collection_select collection_show_all collection_unassign collection_unassign_named "
        "collection_unsolo_all copy_bone_color_to_selected delete dissolve duplicate duplicate_move duplicate_rename "
        "extrude extrude_forked extrude_move fill flip_names hide move_to_collection parent_clear parent_set reveal "
        "roll_clear select_all select_hierarchy select_less select_linked select_linked_pick select_mirror "
        "select_more select_similar separate shortest_path_pick split subdivide switch_direction symmetrize"
    ),
    "boid": ("rule_add rule_del rule_move_down rule_move_up state_add state_del state_move_down state_move_up"),
    "collection": "create objects_add_active objects_remove objects_remove_active objects_remove_all",
    "constraint": (
        "add_target apply childof_clear_inverse childof_set_inverse copy copy_to_selected delete "
        "disable_keep_transform followpath_path_animate limitdistance_reset move_down move_to_index move_up "
        "normalize_target_weights objectsolver_clear_inverse objectsolver_set_inverse remove_target stretchto_reset"
    ),
    "curve": (
        "cyclic_toggle de_select_first de_select_last decimate delete dissolve_verts draw duplicate duplicate_move "
        "extrude extrude_move handle_type_set hide make_segment match_texture_space normals_make_consistent pen "
        "primitive_bezier_circle_add primitive_bezier_curve_add primitive_nurbs_circle_add primitive_nurbs_curve_add "
        "primitive_nurbs_path_add radius_set reveal select_all select_less select_linked select_linked_pick "
        "select_more select_next select_nth select_previous select_random select_row select_similar separate "
        "shade_flat shade_smooth shortest_path_pick smooth smooth_radius smooth_tilt smooth_weight spin "
        "spline_type_set spline_weight_set split subdivide switch_direction tilt_clear vertex_add"
    ),
    "curves": (
        "add_bezier add_circle attribute_set convert_from_particle_system convert_to_particle_system curve_type_set "
        "cyclic_toggle delete draw duplicate duplicate_move extrude extrude_move handle_type_set select_all "
        "select_ends select_less select_linked select_linked_pick select_more select_random separate "
        "set_selection_domain snap_curves_to_surface split subdivide surface_set switch_direction tilt_clear"
    ),
    "font": (
        "case_set case_toggle change_character change_spacing delete line_break move move_select select_all "
        "select_word selection_set style_set style_toggle text_copy text_cut text_insert text_insert_unicode "
        "text_paste textbox_add textbox_remove unlink"
    ),
    "geometry": (
        "attribute_add attribute_convert attribute_remove color_attribute_add color_attribute_convert "
        "color_attribute_duplicate color_attribute_remove color_attribute_render_set geometry_randomization"
    ),
    "graph": (
        "bake_keys blend_offset blend_to_default blend_to_ease blend_to_neighbor breakdown butterworth_smooth clean "
        "click_insert clickselect copy cursor_set decimate delete duplicate duplicate_move ease easing_type "
        "equalize_handles euler_filter extrapolation_type fmodifier_add fmodifier_copy fmodifier_delete "
        "fmodifier_paste frame_jump gaussian_smooth ghost_curves_clear ghost_curves_create handle_type hide "
        "interpolation_type keyframe_insert keyframe_jump keys_to_samples match_slope mirror paste previewrange_set "
        "push_pull reveal samples_to_keys scale_average scale_from_neighbor select_all select_box select_circle "
        "select_column select_key_handles select_lasso select_leftright select_less select_linked select_more shear "
        "smooth snap snap_cursor_value time_offset view_all view_frame view_selected"
    ),
    "grease_pencil": (
        "active_frame_delete bake_grease_pencil_animation brush_stroke caps_set clean_loose convert_curve_type copy "
        "cyclical_set delete delete_breakdown delete_frame dissolve duplicate duplicate_move erase_box erase_lasso "
        "extrude extrude_move fill frame_clean_duplicate frame_duplicate insert_blank_frame interpolate "
        "interpolate_sequence join_fills join_selection layer_active layer_add layer_duplicate layer_duplicate_object "
        "layer_group_add layer_group_color_tag layer_group_remove layer_hide layer_isolate layer_lock_all "
        "layer_mask_add layer_mask_remove layer_mask_reorder layer_merge layer_move layer_remove layer_reorder "
        "layer_reveal material_copy_to_object material_hide material_isolate material_lock_all "
        "material_lock_unselected material_lock_unused material_reveal material_select material_unlock_all "
        "move_to_layer outline paste primitive_arc primitive_box primitive_circle primitive_curve primitive_line "
        "primitive_polyline relative_layer_mask_add remove_fill_guides reorder reproject reset_uvs sculpt_paint "
        "select_all select_alternate select_by_stroke_type select_ends select_fill select_less select_linked "
        "select_more select_random select_similar separate separate_fills set_active_material set_corner_type "
        "set_curve_resolution set_curve_type set_handle_type set_material set_selection_mode set_start_point "
        "set_stroke_type set_uniform_opacity set_uniform_thickness snap_cursor_to_selected snap_to_cursor "
        "snap_to_grid stroke_material_set stroke_merge_by_distance stroke_reset_vertex_color stroke_simplify "
        "stroke_smooth stroke_split stroke_subdivide stroke_subdivide_smooth stroke_switch_direction stroke_trim "
        "texture_gradient trace_image vertex_brush_stroke vertex_color_brightness_contrast vertex_color_hsv "
        "vertex_color_invert vertex_color_levels vertex_color_set vertex_group_normalize vertex_group_normalize_all "
        "vertex_group_smooth weight_brush_stroke weight_invert weight_sample weight_toggle_direction"
    ),
    "lattice": ("flip make_regular select_all select_less select_mirror select_more select_random select_ungrouped"),
    "marker": (
        "add camera_bind delete duplicate make_links_scene move rename select select_all select_box select_leftright"
    ),
    "mask": (
        "add_feather_vertex add_feather_vertex_slide add_vertex add_vertex_slide copy_splines cyclic_toggle delete "
        "duplicate duplicate_move feather_weight_clear handle_type_set hide_view_clear hide_view_set layer_move "
        "layer_new layer_remove move_to_layer new normals_make_consistent parent_clear parent_set paste_splines "
        "primitive_circle_add primitive_square_add select select_all select_box select_circle select_lasso "
        "select_less select_linked select_linked_pick select_more shape_key_clear shape_key_feather_reset "
        "shape_key_insert shape_key_rekey slide_point slide_spline_curvature switch_direction"
    ),
    "material": "new",
    "mball": (
        "delete_metaelems duplicate_metaelems duplicate_move hide_metaelems reveal_metaelems select_all "
        "select_random_metaelems select_similar"
    ),
    "mesh": (
        "attribute_set average_normals beautify_fill bevel bisect blend_from_shape bridge_edge_loops circularize "
        "colors_reverse colors_rotate convex_hull customdata_custom_splitnormals_add "
        "customdata_custom_splitnormals_clear customdata_face_sets_clear customdata_mask_clear customdata_skin_add "
        "customdata_skin_clear decimate delete delete_edgeloop delete_loose dissolve_degenerate dissolve_edges "
        "dissolve_faces dissolve_limited dissolve_mode dissolve_verts dupli_extrude_cursor duplicate duplicate_move "
        "edge_collapse edge_face_add edge_rotate edge_split edgering_select edges_select_sharp extrude_context "
        "extrude_context_move extrude_edges_indiv extrude_edges_move extrude_faces_indiv extrude_faces_move "
        "extrude_manifold extrude_region extrude_region_move extrude_region_shrink_fatten extrude_repeat "
        "extrude_vertices_move extrude_verts_indiv face_make_planar face_set_extract face_split_by_edges "
        "faces_mirror_uv faces_select_linked_flat faces_shade_flat faces_shade_smooth fill fill_grid fill_holes "
        "flatten flip_normals flip_quad_tessellation hide inset intersect intersect_boolean knife_project knife_tool "
        "loop_multi_select loop_select loop_to_region loopcut loopcut_slide mark_freestyle_edge mark_freestyle_face "
        "mark_seam mark_sharp merge merge_normals mod_weighted_strength normals_make_consistent normals_tools "
        "offset_edge_loops offset_edge_loops_slide paint_mask_extract paint_mask_slice point_normals poke "
        "polybuild_delete_at_cursor polybuild_dissolve_at_cursor polybuild_extrude_at_cursor_move "
        "polybuild_face_at_cursor polybuild_face_at_cursor_move polybuild_split_at_cursor "
        "polybuild_split_at_cursor_move polybuild_transform_at_cursor polybuild_transform_at_cursor_move "
        "primitive_circle_add primitive_cone_add primitive_cube_add primitive_cube_add_gizmo primitive_cylinder_add "
        "primitive_grid_add primitive_ico_sphere_add primitive_monkey_add primitive_plane_add primitive_torus_add "
        "primitive_uv_sphere_add quads_convert_to_tris region_to_loop remove_doubles reorder_vertices_spatial reveal "
        "rip rip_edge rip_edge_move rip_move screw select_all select_axis select_boundary_loop_multi "
        "select_by_attribute select_by_pole_count select_edge_loop_multi select_edge_ring_multi select_face_by_sides "
        "select_interior_faces select_less select_linked select_linked_pick select_loose select_mirror select_mode "
        "select_more select_next_item select_non_manifold select_nth select_prev_item select_random select_similar "
        "select_similar_region select_ungrouped separate set_normals_from_faces set_sharpness_by_angle "
        "shape_propagate_to_all shortest_path_pick shortest_path_select smooth_normals solidify sort_elements "
        "space_edge_loops_evenly spin split split_normals subdivide subdivide_edgering symmetrize symmetry_snap "
        "tris_convert_to_quads unsubdivide uv_texture_add uv_texture_remove uvs_reverse uvs_rotate vert_connect "
        "vert_connect_concave vert_connect_nonplanar vert_connect_path vertices_smooth vertices_smooth_laplacian "
        "wireframe"
    ),
    "nla": (
        "action_pushdown action_sync_length action_unlink actionclip_add apply_scale bake channels_click clear_scale "
        "click_select delete duplicate duplicate_linked_move duplicate_move fmodifier_add fmodifier_copy "
        "fmodifier_paste make_single_user meta_add meta_remove move_down move_up mute_toggle previewrange_set "
        "select_all select_box select_leftright selected_objects_add snap soundclip_add split swap tracks_add "
        "tracks_delete transition_add tweakmode_enter tweakmode_exit view_all view_frame view_selected"
    ),
    "node": (
        "activate_viewer add_closure_zone add_collection add_color add_empty_group add_foreach_geometry_element_zone "
        "add_group add_group_input_node add_mask add_material add_node add_object add_repeat_zone add_reroute "
        "add_simulation_zone add_typed_bundle add_zone attach backimage_fit backimage_move backimage_sample "
        "backimage_zoom capture_attribute_item_add capture_attribute_item_move capture_attribute_item_remove "
        "clear_viewer_border closure_input_item_add closure_input_item_move closure_input_item_remove "
        "closure_output_item_add closure_output_item_move closure_output_item_remove closure_to_list_item_add "
        "closure_to_list_item_move closure_to_list_item_remove collapse_hide_unused_toggle combine_bundle_item_add "
        "combine_bundle_item_move combine_bundle_item_remove connect_to_output deactivate_viewer "
        "default_group_width_set delete delete_reconnect detach detach_translate_attach duplicate "
        "duplicate_compositing_modifier_node_group duplicate_compositing_node_group duplicate_move "
        "duplicate_move_keep_inputs duplicate_move_linked enum_definition_item_add enum_definition_item_move "
        "enum_definition_item_remove evaluate_closure_input_item_add evaluate_closure_input_item_move "
        "evaluate_closure_input_item_remove evaluate_closure_output_item_add evaluate_closure_output_item_move "
        "evaluate_closure_output_item_remove field_to_grid_item_add field_to_grid_item_move field_to_grid_item_remove "
        "field_to_list_item_add field_to_list_item_move field_to_list_item_remove find_node "
        "foreach_geometry_element_zone_generation_item_add foreach_geometry_element_zone_generation_item_move "
        "foreach_geometry_element_zone_generation_item_remove foreach_geometry_element_zone_input_item_add "
        "foreach_geometry_element_zone_input_item_move foreach_geometry_element_zone_input_item_remove "
        "foreach_geometry_element_zone_main_item_add foreach_geometry_element_zone_main_item_move "
        "foreach_geometry_element_zone_main_item_remove format_string_item_add format_string_item_move "
        "format_string_item_remove geometry_nodes_viewer_item_add geometry_nodes_viewer_item_move "
        "geometry_nodes_viewer_item_remove group_edit group_insert group_make group_separate group_ungroup "
        "hide_socket_toggle hide_toggle index_switch_item_add index_switch_item_move index_switch_item_remove "
        "insert_offset interface_item_duplicate interface_item_make_panel_toggle interface_item_new "
        "interface_item_new_panel_toggle interface_item_remove interface_item_unlink_panel_toggle join join_nodes "
        "link link_make link_viewer links_cut links_detach links_mute move_detach_links move_detach_links_release "
        "mute_toggle new_compositing_node_group new_compositor_sequencer_node_group new_geometry_node_group_assign "
        "new_geometry_node_group_tool new_geometry_nodes_modifier new_node_tree node_copy_color options_toggle "
        "parent_set preview_toggle repeat_zone_item_add repeat_zone_item_move repeat_zone_item_remove resize "
        "sample_attribute_items_item_add sample_attribute_items_item_move sample_attribute_items_item_remove select "
        "select_all select_box select_circle select_grouped select_lasso select_link_viewer select_linked_from "
        "select_linked_to select_same_type_step separate_bundle_item_add separate_bundle_item_move "
        "separate_bundle_item_remove simulation_zone_item_add simulation_zone_item_move simulation_zone_item_remove "
        "sockets_sync swap_empty_group swap_node swap_typed_bundle swap_zone toggle_viewer translate_attach "
        "translate_attach_remove_on_cancel tree_path_parent view_all view_selected viewer_border viewer_shortcut_get "
        "viewer_shortcut_set"
    ),
    "object": (
        "add add_modifier_menu add_named align anim_transforms_to_deltas armature_add assign_property_defaults "
        "camera_add camera_custom_update collection_add collection_instance_add collection_link "
        "collection_objects_select collection_remove collection_unlink constraint_add constraint_add_with_targets "
        "constraints_clear constraints_copy convert correctivesmooth_bind curves_empty_hair_add curves_random_add "
        "data_instance_add data_transfer datalayout_transfer delete delete_fix_to_camera_keys drop_geometry_nodes "
        "drop_named_material duplicate duplicate_move duplicate_move_linked duplicates_make_real effector_add "
        "empty_add explode_refresh fix_to_camera forcefield_toggle geometry_node_tree_copy_assign "
        "geometry_nodes_input_attribute_toggle geometry_nodes_move_to_nodes gpencil_add gpencil_modifier_add "
        "gpencil_modifier_apply gpencil_modifier_copy gpencil_modifier_copy_to_selected gpencil_modifier_move_down "
        "gpencil_modifier_move_to_index gpencil_modifier_move_up gpencil_modifier_remove grease_pencil_add "
        "grease_pencil_dash_modifier_segment_add grease_pencil_dash_modifier_segment_move "
        "grease_pencil_dash_modifier_segment_remove grease_pencil_time_modifier_segment_add "
        "grease_pencil_time_modifier_segment_move grease_pencil_time_modifier_segment_remove hide_collection "
        "hide_render_clear_all hide_view_clear hide_view_set hook_add_newob hook_add_selob hook_assign hook_recenter "
        "hook_remove hook_reset hook_select instance_offset_from_cursor instance_offset_from_object "
        "instance_offset_to_cursor isolate_type_render join join_shapes join_uvs laplaciandeform_bind "
        "lattice_add_to_selected light_add light_linking_blocker_collection_new light_linking_blockers_link "
        "light_linking_blockers_select light_linking_receiver_collection_new light_linking_receivers_link "
        "light_linking_receivers_select light_linking_unlink_from_collection lightprobe_add lineart_clear "
        "lineart_clear_all link_to_collection location_clear make_dupli_face make_links_data make_links_scene "
        "make_local make_single_user material_slot_add material_slot_assign material_slot_copy material_slot_deselect "
        "material_slot_move material_slot_remove material_slot_remove_all material_slot_remove_unused "
        "material_slot_select meshdeform_bind metaball_add modifier_add modifier_apply modifier_apply_as_shapekey "
        "modifier_convert modifier_copy modifier_copy_to_selected modifier_move_down modifier_move_to_index "
        "modifier_move_up modifier_remove modifier_set_active modifiers_clear modifiers_copy_to_selected "
        "move_to_collection multires_base_apply multires_higher_levels_delete multires_rebuild_subdiv "
        "multires_reshape multires_subdivide multires_unsubdivide origin_clear origin_set parent_clear "
        "parent_inverse_apply parent_no_inverse_set parent_set particle_system_add particle_system_remove "
        "paths_calculate paths_clear paths_update paths_update_visible pointcloud_add pointcloud_random_add "
        "quadriflow_remesh quick_explode randomize_transform rotation_clear scale_clear select_all select_by_type "
        "select_camera select_grouped select_hierarchy select_less select_linked select_mirror select_more "
        "select_pattern select_random select_same_collection shade_auto_smooth shade_flat shade_smooth "
        "shade_smooth_by_angle shaderfx_add shaderfx_copy shaderfx_move_down shaderfx_move_to_index shaderfx_move_up "
        "shaderfx_remove shape_key_add shape_key_apply_to_basis shape_key_clear shape_key_copy shape_key_lock "
        "shape_key_make_basis shape_key_mirror shape_key_move shape_key_remove shape_key_retime shape_key_transfer "
        "skin_armature_create skin_loose_mark_clear skin_radii_equalize skin_root_mark speaker_add subdivision_set "
        "surfacedeform_bind text_add track_clear track_set transform_apply transform_axis_target transform_to_mouse "
        "transforms_to_deltas unlink_data update_shapes vertex_group_add vertex_group_assign vertex_group_assign_new "
        "vertex_group_clean vertex_group_copy vertex_group_copy_to_selected vertex_group_deselect vertex_group_invert "
        "vertex_group_levels vertex_group_limit_total vertex_group_lock vertex_group_mirror vertex_group_move "
        "vertex_group_normalize vertex_group_normalize_all vertex_group_quantize vertex_group_remove "
        "vertex_group_remove_from vertex_group_select vertex_group_set_active vertex_group_smooth vertex_group_sort "
        "vertex_parent_set vertex_weight_copy vertex_weight_delete vertex_weight_normalize_active_vertex "
        "vertex_weight_paste vertex_weight_set_active visual_geometry_to_objects visual_transform_apply volume_add "
        "voxel_remesh voxel_size_edit"
    ),
    "paint": (
        "add_simple_uvs add_texture_paint_slot brush_colors_flip face_select_all face_select_hide face_select_less "
        "face_select_linked face_select_linked_pick face_select_loop face_select_more face_vert_reveal grab_clone "
        "hide_show hide_show_all hide_show_lasso_gesture hide_show_line_gesture hide_show_masked "
        "hide_show_polyline_gesture image_paint mask_box_gesture mask_flood_fill mask_lasso_gesture mask_line_gesture "
        "mask_polyline_gesture project_image sample_color vert_select_all vert_select_hide vert_select_less "
        "vert_select_linked vert_select_linked_pick vert_select_more vert_select_ungrouped "
        "vertex_color_brightness_contrast vertex_color_dirt vertex_color_from_weight vertex_color_hsv "
        "vertex_color_invert vertex_color_levels vertex_color_set vertex_color_smooth vertex_paint visibility_filter "
        "visibility_invert weight_from_bones weight_gradient weight_paint weight_sample weight_sample_group "
        "weight_set"
    ),
    "palette": "color_add color_delete color_move extract_from_image join new sort",
    "particle": (
        "brush_edit connect_hair copy_particle_systems delete disconnect_hair duplicate_particle_system dupliob_copy "
        "dupliob_move_down dupliob_move_up dupliob_refresh dupliob_remove edited_clear hide mirror new new_target "
        "particle_system_remove_all rekey remove_doubles reveal select_all select_less select_linked "
        "select_linked_pick select_more select_random select_roots select_tips shape_cut subdivide target_move_down "
        "target_move_up target_remove unify_length weight_set"
    ),
    "pointcloud": "attribute_set delete duplicate duplicate_move select_all select_random separate",
    "pose": (
        "armature_apply autoside_names blend_to_neighbor blend_with_rest breakdown constraint_add "
        "constraint_add_with_targets constraints_clear constraints_copy flip_names hide ik_add ik_clear loc_clear "
        "paths_calculate paths_clear paths_range_update paths_update propagate push quaternions_flip relax reveal "
        "rot_clear rotation_mode_set scale_clear select_all select_constraint_target select_grouped select_hierarchy "
        "select_linked select_linked_pick select_mirror select_parent selection_set_add selection_set_add_and_assign "
        "selection_set_assign selection_set_delete_all selection_set_deselect selection_set_move selection_set_remove "
        "selection_set_remove_bones selection_set_select selection_set_unassign transforms_clear "
        "user_transforms_clear visual_transform_apply"
    ),
    "rigidbody": (
        "bake_to_keyframes connect constraint_add constraint_remove mass_calculate object_add object_remove "
        "object_settings_copy objects_add objects_remove shape_change world_add world_remove"
    ),
    "scene": (
        "freestyle_add_edge_marks_to_keying_set freestyle_add_face_marks_to_keying_set freestyle_alpha_modifier_add "
        "freestyle_color_modifier_add freestyle_fill_range_by_selection freestyle_geometry_modifier_add "
        "freestyle_lineset_add freestyle_lineset_copy freestyle_lineset_move freestyle_lineset_paste "
        "freestyle_lineset_remove freestyle_linestyle_new freestyle_modifier_copy freestyle_modifier_move "
        "freestyle_modifier_remove freestyle_module_move freestyle_module_remove freestyle_stroke_material_create "
        "freestyle_thickness_modifier_add new new_sequencer new_sequencer_scene render_view_add render_view_remove "
        "view_layer_add view_layer_add_aov view_layer_add_lightgroup view_layer_add_used_lightgroups "
        "view_layer_remove view_layer_remove_aov view_layer_remove_lightgroup view_layer_remove_unused_lightgroups"
    ),
    "sequencer": (
        "change_effect_input change_effect_type change_scene connect cursor_set delete disconnect duplicate "
        "duplicate_move duplicate_move_linked effect_strip_add fades_add fades_clear gap_insert gap_remove "
        "images_separate lock mask_strip_add meta_make meta_separate meta_toggle mute offset_clear "
        "preview_duplicate_move preview_duplicate_move_linked reassign_inputs refresh_all rename_channel rendersize "
        "retiming_add_freeze_frame_slide retiming_add_transition_slide retiming_freeze_frame_add retiming_key_add "
        "retiming_key_delete retiming_reset retiming_segment_speed_set retiming_show retiming_transition_add sample "
        "scene_frame_range_update scene_strip_add scene_strip_add_new select select_all select_box select_grouped "
        "select_handle select_handles select_less select_linked select_linked_pick select_more select_side "
        "select_side_of_frame set_range_to_strips slip snap split split_multicam strip_color_tag_set strip_jump "
        "strip_modifier_add strip_modifier_copy strip_modifier_duplicate strip_modifier_equalizer_redefine "
        "strip_modifier_move strip_modifier_move_to_index strip_modifier_remove strip_modifier_set_active "
        "strip_transform_clear strip_transform_fit swap swap_data swap_inputs text_cursor_move text_cursor_set "
        "text_delete text_deselect_all text_edit_copy text_edit_cut text_edit_paste text_insert text_line_break "
        "text_select_all unlock unmute view_all view_all_preview view_frame view_ghost_border view_selected "
        "view_zoom_ratio"
    ),
    "surface": (
        "primitive_nurbs_surface_circle_add primitive_nurbs_surface_curve_add primitive_nurbs_surface_cylinder_add "
        "primitive_nurbs_surface_sphere_add primitive_nurbs_surface_surface_add primitive_nurbs_surface_torus_add"
    ),
    "texture": "new slot_copy slot_move slot_paste",
    "transform": (
        "bbone_resize bend create_orientation delete_orientation edge_bevelweight edge_crease edge_slide from_gizmo "
        "mirror push_pull resize rotate rotate_normal select_orientation seq_slide shear shrink_fatten skin_resize "
        "tilt tosphere trackball transform translate vert_crease vert_slide vertex_random vertex_warp"
    ),
    "uv": (
        "align align_rotation arrange_islands average_islands_scale copy copy_mirrored_faces cube_project cursor_set "
        "cylinder_project follow_active_quads hide lightmap_pack mark_seam minimize_stretch move_on_axis pack_islands "
        "paste pin project_from_view randomize_uv_transform remove_doubles reset reveal rip rip_move "
        "seams_from_islands select select_all select_box select_by_winding select_circle select_edge_ring "
        "select_lasso select_less select_linked select_linked_pick select_loop select_mode select_more select_overlap "
        "select_pinned select_similar select_split select_tile shortest_path_pick shortest_path_select smart_project "
        "snap_cursor snap_selected sphere_project stitch unwrap weld"
    ),
    "view3d": (
        "bone_select_menu camera_background_image_remove camera_to_view camera_to_view_selected clear_render_border "
        "clip_border cursor3d dolly drop_world edit_mesh_extrude_individual_move edit_mesh_extrude_manifold_normal "
        "edit_mesh_extrude_move_normal edit_mesh_extrude_move_shrink_fatten fly interactive_add localview "
        "localview_remove_from move navigate object_as_camera render_border rotate ruler_add ruler_remove "
        "select_circle select_lasso select_menu smoothview snap_cursor_to_active snap_cursor_to_center "
        "snap_cursor_to_grid snap_cursor_to_selected snap_selected_to_active snap_selected_to_cursor "
        "snap_selected_to_grid toggle_matcap_flip toggle_shading toggle_xray transform_gizmo_set view_all view_axis "
        "view_camera view_center_camera view_center_cursor view_center_lock view_center_pick view_lock_clear "
        "view_lock_to_active view_orbit view_pan view_persportho view_roll view_selected walk zoom zoom_camera_1_to_1"
    ),
    "world": "convert_volume_to_mesh new",
}
